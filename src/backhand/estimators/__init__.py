"""Networks as estimators of scikit-learn: `fit(X, y)`, `predict(X)`, pipelines and searches."""

from backhand.extras import COMPARE

COMPARE.require("an estimator")  # which inherits from those of scikit-learn

from backhand.estimators.classifier import BackhandClassifier  # noqa: E402
from backhand.estimators.regressor import BackhandRegressor  # noqa: E402

__all__ = ["BackhandClassifier", "BackhandRegressor"]
