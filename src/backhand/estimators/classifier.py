"""A network as a classifier of scikit-learn."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from numbers import Real
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import assert_all_finite, column_or_1d

from backhand.arrays import Array
from backhand.data.dataset import Labels
from backhand.data.frames.dataframes import is_missing
from backhand.data.split import stratified_split
from backhand.errors import BackhandError
from backhand.estimators.base import BackhandEstimator, Index
from backhand.predictors import Classifier
from backhand.training.losses import CLASSIFICATION, Loss, classifier_loss
from backhand.training.losses import loss as loss_of


@dataclass(eq=False, repr=False)
class BackhandClassifier(ClassifierMixin, BackhandEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A network that classifies, with the interface of scikit-learn's `MLPClassifier`.

    Labels may be of any kind: numbers, texts, truth values. The other parameters are those of `Parameters`.

    loss: "softmax_cross_entropy" or "hinge"; for two classes also "logistic" and "binary_hinge".
    label_smoothing: the share of the target that is spread over all classes; with softmax.
    class_weight: "balanced", or a weight for each class by its label; None: all classes weigh the same.

    After `fit`: `classes_`, `loss_curve_`, `loss_`, `best_loss_`, `n_iter_`, `validation_scores_`, `coefs_`,
    `intercepts_`, `history_`, and `predictor_`, the network with its scaling, which can be saved and exported.
    """

    _monitored = "accuracy"

    loss: str = "softmax_cross_entropy"
    label_smoothing: float = 0.0
    class_weight: Mapping[Any, float] | Literal["balanced"] | None = None

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Train one epoch on these samples. classes: all labels that there will ever be, needed at the first call."""
        if self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True, for which a fit holds samples out")
        if not hasattr(self, "solver_"):
            if classes is None:
                raise ValueError("classes must be given at the first call of partial_fit: all labels there will be")
            self.classes_ = np.unique(np.asarray(classes))
        elif classes is not None and not np.array_equal(np.unique(np.asarray(classes)), self.classes_):
            raise ValueError(f"classes are {np.unique(classes)} now and were {self.classes_} at the first call")
        return self._partial_fit(X, y, sample_weight, known=True)

    def predict(self, X: Any) -> NDArray[Any]:
        """The label of each sample, (N,)."""
        scores = self._scores(X)
        return np.asarray(self.classes_[self.predictor_.loss.predict(scores)])

    def predict_proba(self, X: Any) -> Array:
        """The probability of each class, (N, K), in the order of `classes_`."""
        scores = self._scores(X)
        return classifier_loss(self.predictor_.loss).predict_proba(scores).astype(np.float64)

    def predict_log_proba(self, X: Any) -> Array:
        """The logarithms of the probabilities, (N, K)."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.predict_proba(X)))

    def _read_targets(self, y: Any, *, reset: bool) -> Labels:
        labels = column_or_1d(y, warn=True)
        _refuse_missing(labels)
        assert_all_finite(labels, input_name="y")
        _refuse_measurements(labels)
        check_classification_targets(labels)
        if reset:
            self.classes_ = np.unique(labels)
        index = np.searchsorted(self.classes_, labels)
        index = np.minimum(index, len(self.classes_) - 1)
        unknown = np.flatnonzero(self.classes_[index] != labels)
        if len(unknown):
            raise ValueError(f"`y` has the label {labels[unknown[0]]!r}, which is not in classes {self.classes_}")
        return index.astype(np.int64)

    def _make_loss(self, y: Labels) -> Loss:
        if self.loss not in CLASSIFICATION:
            raise ValueError(f"loss must be one of {', '.join(CLASSIFICATION)}, not {self.loss!r}")
        smoothing = {"smoothing": self.label_smoothing} if self.label_smoothing else {}
        return loss_of(self.loss, **smoothing)

    def _weights(self, labels: Labels, weights: Array | None) -> Array | None:
        if self.class_weight is None:
            return super()._weights(labels, weights)
        named = self.classes_[labels]
        present = np.unique(named)
        per_class = dict(zip(present.tolist(), self._class_weights(present, named), strict=True))
        own = np.array([per_class[label] for label in named.tolist()])
        return super()._weights(labels, own if weights is None else own * weights)

    def _class_weights(self, present: NDArray[Any], named: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(compute_class_weight(self.class_weight, classes=present, y=named))

    def _outputs(self) -> int:
        return len(self.classes_)

    def _split(self, y: Labels, seed: int) -> tuple[Index, Index]:
        try:
            return stratified_split(y, float(self.validation_fraction), seed, [str(name) for name in self.classes_])
        except BackhandError as error:
            raise ValueError(f"early_stopping: {error}") from None

    def _make_predictor(self, shared: dict[str, Any]) -> Classifier:
        return Classifier(classes=tuple(map(str, self.classes_.tolist())), **shared)


def _refuse_missing(labels: NDArray[Any]) -> None:
    """Raise ValueError for the first of these labels that is None; of numbers, scikit-learn looks for NaN."""
    missing = [row for row, label in enumerate(labels.tolist()) if is_missing(label)] if labels.dtype == object else []
    if missing:
        raise ValueError(f"Input y contains NaN: row {missing[0]}, counted from 0, has no label; remove the row")


def _refuse_measurements(labels: NDArray[Any]) -> None:
    """Raise ValueError for numbers with fractions, which are no classes."""
    if labels.dtype == object and all(isinstance(label, Real | Decimal) for label in labels.tolist()):
        labels = labels.astype(np.float64)
    if labels.dtype.kind == "f" and type_of_target(labels).startswith("continuous"):
        raise ValueError(
            f"Unknown label type: continuous. y has numbers such as {labels[labels != np.rint(labels)][0]:g}, which "
            f"are measured rather than classes; use BackhandRegressor"
        )
