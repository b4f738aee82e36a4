"""What a training minimises: a loss on the scores, and a penalty on the weights."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from backhand.arrays import Array, Labels
from backhand.arrays.copies import Copyable
from backhand.backend import op
from backhand.errors import closest
from backhand.kernels.kernel import Kernel
from backhand.model.sequential import Sequential
from backhand.ops import l2, logistic, softmax_cross_entropy


@dataclass(eq=False)
class Loss(Copyable):
    """A loss op on a batch: the mean over the samples, its gradient, and what the scores say of the classes."""

    op_name: ClassVar[str]
    transient = MappingProxyType({"_cache": None, "_ran": None})
    binary: ClassVar[bool] = False
    confidence: ClassVar[str]  # what `predict_proba` returns, in words for the reader

    _cache: Any = field(default=None, init=False, repr=False)
    _ran: Kernel | None = field(default=None, init=False, repr=False)

    def outputs(self, classes: int) -> int:
        """The number of scores a model must give for this many classes. Raises ValueError when it cannot."""
        if self.binary and classes != 2:
            raise ValueError(f"the loss {self.op_name} tells 2 classes apart, and the data has {classes}")
        return 1 if self.binary else classes

    def forward(self, scores: Array, labels: Labels | Array) -> float:
        """scores (N, outputs), labels (N,), or whatever labels the op takes -> the mean loss."""
        self._ran = ran = op(self.op_name, scores.dtype)
        loss, self._cache = ran.forward(scores, labels, **self.options(scores, labels))
        return float(loss)

    def backward(self) -> Array:
        """dloss/dscores (N, outputs), of the latest forward. Raises RuntimeError when there was none."""
        if self._ran is None:
            raise RuntimeError(f"{self}: backward was called before forward")
        (ds,) = self._ran.backward(1.0, self._cache)
        return ds

    def predict(self, scores: Array) -> Labels:
        """The class of each row, (N,) int64; -1 for one whose scores are not finite, which has none."""
        chosen = scores[:, 0] > 0 if self.binary else scores.argmax(1)
        return np.where(finite_rows(scores), chosen, -1).astype(np.int64)

    def predict_proba(self, scores: Array) -> Array:
        """One column a class, rows summing to 1: see `confidence` for what these figures are."""
        if not self.binary:
            return softmax_cross_entropy.predict_proba(scores)
        p = logistic.predict_proba(scores.reshape(-1, 1))
        return np.concatenate([1 - p, p], axis=1)

    def options(self, scores: Array, labels: Labels | Array) -> dict[str, Any]:
        """The op's keyword arguments for this batch."""
        return {}

    def constant(self, counts: Sequence[int] | Array) -> float:
        """The least mean loss of giving the same scores to all samples, of which there are n_k of class k.

        It is what a network reaches that tells nothing apart: by the classes' shares, or for a hinge by equal scores or
        a margin for the commonest class.
        """
        shares = np.asarray(counts, np.float64) / np.sum(counts)
        known = [(float(share), k) for k, share in enumerate(shares) if share]
        means = [sum(share * self._single(scores, k) for share, k in known) for scores in self._constants(shares)]
        return float(min(means))

    def _single(self, scores: Array, label: int) -> float:
        labels = np.array([label])
        loss, _ = op(self.op_name, scores.dtype).forward(scores[None], labels, **self.options(scores[None], labels))
        return float(loss)

    def _constants(self, shares: Array) -> list[Array]:
        """Scores (outputs,) that may be the best for all samples: equal ones, those of the shares, a margin of 1."""
        logs = np.log(np.maximum(shares, np.finfo(np.float64).tiny))
        margin = np.eye(len(shares))[shares.argmax()]
        found = [np.zeros(len(shares)), logs, margin]
        return [scores[1:] - scores[:1] for scores in found] if self.binary else found


def finite_rows(scores: Array) -> NDArray[np.bool_]:
    """Whether all scores of a sample are finite: scores (N, outputs) -> (N,)."""
    return np.asarray(np.isfinite(scores).all(axis=1))


@dataclass(eq=False)
class SoftmaxCrossEntropy(Loss):
    """-log of the softmax probability of the right class, on labels (N,) or distributions over the classes (N, K).

    `smoothing` in [0, 1] shares out that much of the target. With `class_weights`, one for each class, a sample's loss
    is multiplied by its label's weight, or by the mean of the weights under its distribution.
    """

    op_name = "softmax_cross_entropy"
    confidence = "softmax probability"

    smoothing: float = 0.0
    class_weights: Sequence[float] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.smoothing <= 1:
            raise ValueError(f"label smoothing must be in [0, 1], not {self.smoothing}")
        if not all(0 <= weight < np.inf for weight in self.class_weights):
            raise ValueError(f"class weights must be finite and 0 or above, not {self.class_weights}")

    def outputs(self, classes: int) -> int:
        """One score a class. Raises ValueError when the class weights are of another number."""
        if len(self.class_weights) not in (0, classes):
            raise ValueError(f"there are {len(self.class_weights)} class weights for {classes} classes")
        return classes

    def _constants(self, shares: Array) -> list[Array]:
        """Those of the shares as the loss sees them: weighted and smoothed."""
        seen = shares * (np.asarray(self.class_weights) if len(self.class_weights) else 1)
        seen = (1 - self.smoothing) * seen / seen.sum() + self.smoothing / len(shares)
        return super()._constants(seen)

    def options(self, scores: Array, labels: Labels | Array) -> dict[str, Any]:
        """The smoothing, and the weights of the samples."""
        if not len(self.class_weights):
            return {"smoothing": self.smoothing}
        self.outputs(scores.shape[1])
        wanted = softmax_cross_entropy.distributions(labels, scores)
        return {"smoothing": self.smoothing, "weights": wanted @ np.asarray(self.class_weights, scores.dtype)}


def class_weights(counts: Sequence[int] | Array, power: float = 1.0) -> tuple[float, ...]:
    """Weights w_k in proportion to n_k^-power, for n_k training samples of class k; their mean over the samples is 1.

    At power 1 all classes count the same: w_k = N / (K n_k); at ½, the rarer ones still count less. Raises ValueError
    for a class without samples. Source: King & Zeng 2001, Political Analysis 9(2).
    """
    n = np.asarray(counts, np.float64)
    if not (n > 0).all():
        raise ValueError(f"class {int(np.argmin(n > 0))} has no samples to derive its weight from")
    w = n**-power
    return tuple((w * n.sum() / (n @ w)).tolist())


@dataclass(eq=False)
class Logistic(Loss):
    """-log of the sigmoid probability of the right one of two classes."""

    op_name = "logistic"
    binary = True
    confidence = "sigmoid probability"


@dataclass(eq=False)
class Hinge(Loss):
    """Every class against the right one, margin 1."""

    op_name = "hinge"
    confidence = "softmax of the scores (a hinge loss is not trained to give probabilities)"


@dataclass(eq=False)
class BinaryHinge(Loss):
    """The support vector machine's loss on two classes, margin 1."""

    op_name = "binary_hinge"
    binary = True
    confidence = "sigmoid of the score (a hinge loss is not trained to give probabilities)"


LOSSES: dict[str, type[Loss]] = {kind.op_name: kind for kind in (SoftmaxCrossEntropy, Logistic, Hinge, BinaryHinge)}


def loss(name: str, **options: Any) -> Loss:
    """The loss of this name. Raises ValueError for an unknown one."""
    if name not in LOSSES:
        raise ValueError(f'there is no loss "{name}"{closest(name, LOSSES)}')
    return LOSSES[name](**options)


@dataclass(eq=False)
class L2:
    """The L2 penalty on a model's weights (not on biases, scales and shifts): λ/2 Σ w² ("half") or λ Σ w² ("whole")."""

    strength: float = 0.0
    form: str = "half"

    def __post_init__(self) -> None:
        l2.slope(self.strength, self.form)  # refuses bad arguments

    @property
    def slope(self) -> float:
        """c in c w, the gradient."""
        return l2.slope(self.strength, self.form)

    def forward(self, model: Sequential) -> float:
        """The penalty."""
        parameters = model.parameters
        return float(sum(self._term(parameters.values[part])[0] for part in self._parts(model)))

    def backward(self, model: Sequential) -> None:
        """Adds the penalty's gradient to the model's."""
        for part in self._parts(model):
            _, cache = self._term(model.parameters.values[part])
            model.parameters.grads[part] += l2.backward(1.0, cache)[0]

    def _parts(self, model: Sequential) -> tuple[slice, ...]:
        return model.parameters.penalised if self.strength else ()

    def _term(self, w: Array) -> tuple[Array, tuple[Array, float]]:
        return l2.forward(w, strength=self.strength, form=self.form)
