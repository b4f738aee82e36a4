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
        if classes is None and not hasattr(self, "solver_"):
            raise ValueError("classes must be given at the first call of partial_fit: all labels there will be")
        if classes is not None:
            given = np.asarray(classes)
            _refuse_mixed(given, "classes")
            given = np.unique(given)
            if not hasattr(self, "solver_"):
                self.classes_ = given
            elif not np.array_equal(given, self.classes_):
                raise ValueError(f"classes are {given} now and were {self.classes_} at the first call")
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
        _refuse_mixed(labels, "y")
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

    def _make_loss(self, y: Labels, weights: Array | None) -> Loss:
        if self.loss not in CLASSIFICATION:
            raise ValueError(f"loss must be one of {', '.join(CLASSIFICATION)}, not {self.loss!r}")
        if self.label_smoothing and self.loss != "softmax_cross_entropy":
            raise ValueError(f'label_smoothing is of the loss "softmax_cross_entropy"; with "{self.loss}" it must be 0')
        return loss_of(self.loss, **({"smoothing": self.label_smoothing} if self.label_smoothing else {}))

    def _weights(self, labels: Labels, weights: Array | None) -> Array | None:
        if self.class_weight is None:
            return weights
        if isinstance(self.class_weight, str) and self.class_weight == "balanced":
            counts = np.bincount(labels, weights, len(self.classes_))
            share = counts.sum() / np.count_nonzero(counts)  # of each class, where all weigh the same
            own = np.divide(share, counts, out=np.zeros(len(counts)), where=counts > 0)[labels]
        else:
            named = self.classes_[labels]
            present, index = np.unique(named, return_inverse=True)
            own = compute_class_weight(self.class_weight, classes=present, y=named)[index]
        return np.asarray(own if weights is None else own * weights)

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


def _refuse_mixed(labels: NDArray[Any], where: str) -> None:
    """Raise ValueError for labels that cannot be sorted, such as numbers among texts."""
    try:
        np.unique(labels if labels.dtype == object else labels[:0])
    except TypeError:
        kinds = {type(label).__name__: label for label in labels.tolist()}
        examples = " and ".join(f"{label!r}" for label in list(kinds.values())[:2])
        raise ValueError(
            f"{where} has labels of several kinds, such as {examples}; make all numbers, or all texts"
        ) from None


def _refuse_measurements(labels: NDArray[Any]) -> None:
    """Raise ValueError for numbers with fractions, which are no classes."""
    if labels.dtype == object and all(isinstance(label, Real | Decimal) for label in labels.tolist()):
        labels = labels.astype(np.float64)
    if labels.dtype.kind == "f" and type_of_target(labels).startswith("continuous"):
        raise ValueError(
            f"Unknown label type: continuous. y has numbers such as {labels[labels != np.rint(labels)][0]:g}, which "
            f"are measured rather than classes; use BackhandRegressor"
        )
