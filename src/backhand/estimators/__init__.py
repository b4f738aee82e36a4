"""Networks as estimators of scikit-learn: `fit(X, y)`, `predict(X)`, pipelines and searches."""

from backhand.estimators.classifier import BackhandClassifier
from backhand.estimators.regressor import BackhandRegressor

__all__ = ["BackhandClassifier", "BackhandRegressor"]
