"""A network as a regressor of scikit-learn."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_array

from backhand.arrays import Array
from backhand.data.dataset import Labels
from backhand.data.split import random_split
from backhand.errors import BackhandError
from backhand.estimators.base import BackhandEstimator, Index
from backhand.predictors import Regressor
from backhand.training.losses import REGRESSION, Loss, regression_loss
from backhand.training.losses import loss as loss_of


@dataclass(eq=False, repr=False)
class BackhandRegressor(RegressorMixin, BackhandEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A network that predicts numbers, with the interface of scikit-learn's `MLPRegressor`.

    y is (N,), or (N, T) for several targets. The other parameters are those of `Parameters`.

    loss: "squared_error", "absolute_error" or "huber". huber_delta: the error up to which the Huber loss is squared, in
    standard deviations of the targets. standardize_target: whether the network learns targets of mean 0 and standard
    deviation 1; predictions are in the units of y either way.

    After `fit`: the same attributes as of `BackhandClassifier`, but `classes_`.
    """

    _monitored = "r2"

    loss: str = "squared_error"
    huber_delta: float = 1.0
    standardize_target: bool = True

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train one epoch on these samples; the first ones decide how samples and targets are scaled."""
        return self._partial_fit(X, y, sample_weight)

    def predict(self, X: Any) -> NDArray[np.float64]:
        """The prediction for each sample, (N,), or (N, T) where y had several targets."""
        scores = self._scores(X)
        predicted = self.predictor_.loss.predict(scores)
        return predicted[:, 0] if self._single else predicted

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _read_targets(self, y: Any, *, reset: bool) -> Labels:
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None")
        if np.asarray(y).dtype.kind in "mM":
            raise ValueError("y has dates, and a regression needs numbers, such as the days since the first date")
        try:
            targets = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y", estimator=self)
        except TypeError as error:
            raise ValueError(f"y has values that are not numbers ({error}), which a regression needs") from None
        except ValueError as error:
            if "could not convert string" not in str(error):
                raise
            raise ValueError(f"y has text, and a regression needs numbers ({error}); use BackhandClassifier") from None
        single, targets = targets.ndim == 1, targets.reshape(len(targets), -1)
        if reset:
            self._single, self.n_outputs_ = single, targets.shape[1]
        elif targets.shape[1] != self.n_outputs_:
            raise ValueError(f"y has {targets.shape[1]} targets now and had {self.n_outputs_} at the first call")
        return np.asarray(targets)

    def _make_loss(self, y: Labels, weights: Array | None) -> Loss:
        if self.loss not in REGRESSION:
            raise ValueError(f"loss must be one of {', '.join(REGRESSION)}, not {self.loss!r}")
        loss = regression_loss(loss_of(self.loss, **({"delta": self.huber_delta} if self.loss == "huber" else {})))
        return loss.fitted(y, weights) if self.standardize_target else loss

    def _outputs(self) -> int:
        return self.n_outputs_

    def _split(self, y: Labels, seed: int) -> tuple[Index, Index]:
        try:
            rest, held = random_split(len(y), float(self.validation_fraction), seed)
        except BackhandError as error:
            raise ValueError(f"early_stopping: {error}") from None
        if (y[held] == y[held[0]]).all(0).any():
            raise ValueError(
                f"early_stopping compares epochs by R², and the targets of the samples that it holds out ({len(held)} "
                f"of {len(y)}) are all equal; raise validation_fraction"
            )
        return rest, held

    def _make_predictor(self, shared: dict[str, Any]) -> Regressor:
        several = self.n_outputs_ > 1
        return Regressor(targets=tuple(f"y{k}" for k in range(self.n_outputs_)) if several else ("y",), **shared)
