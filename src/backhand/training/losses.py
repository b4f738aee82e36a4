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
    """A loss op on a batch: the mean over the samples, its gradient, and the classes that the scores predict."""

    op_name: ClassVar[str]
    transient = MappingProxyType({"_cache": None, "_ran": None})
    binary: ClassVar[bool] = False
    confidence: ClassVar[str]  # what `predict_proba` returns, in words for a reader

    _cache: Any = field(default=None, init=False, repr=False)
    _ran: Kernel | None = field(default=None, init=False, repr=False)

    def outputs(self, classes: int) -> int:
        """The number of outputs that a model needs for this many classes. Raises ValueError for too many or few."""
        if self.binary and classes != 2:
            raise ValueError(f"the loss {self.op_name} needs data with 2 classes, not {classes}")
        return 1 if self.binary else classes

    def forward(self, scores: Array, labels: Labels | Array) -> float:
        """scores (N, outputs), labels (N,) or whatever labels the op takes -> the mean loss, a scalar."""
        self._ran = ran = op(self.op_name, scores.dtype)
        loss, self._cache = ran.forward(scores, labels, **self.options(scores, labels))
        return float(loss)

    def backward(self) -> Array:
        """dloss/dscores (N, outputs) of the latest forward. Raises RuntimeError when there was none."""
        if self._ran is None:
            raise RuntimeError(f"{self}: backward was called before forward")
        (ds,) = self._ran.backward(1.0, self._cache)
        return ds

    def predict(self, scores: Array) -> Labels:
        """The predicted class of each row, (N,) int64; -1 for a row whose scores are not finite."""
        chosen = scores[:, 0] > 0 if self.binary else scores.argmax(1)
        return np.where(finite_rows(scores), chosen, -1).astype(np.int64)

    def predict_proba(self, scores: Array) -> Array:
        """Probabilities (N, K) whose rows sum to 1; `confidence` says what they are."""
        if not self.binary:
            return softmax_cross_entropy.predict_proba(scores)
        p = logistic.predict_proba(scores.reshape(-1, 1))
        return np.concatenate([1 - p, p], axis=1)

    def options(self, scores: Array, labels: Labels | Array) -> dict[str, Any]:
        """The op's keyword arguments for this batch."""
        return {}

    def constant(self, counts: Sequence[int] | Array) -> float:
        """The least mean loss of a network that gives all samples the same scores.

        counts: samples per class, (K,). The scores are those of the classes' shares, or for a hinge equal scores or a
        margin for the most frequent class.
        """
        shares = np.asarray(counts, np.float64) / np.sum(counts)
        present = [(float(share), k) for k, share in enumerate(shares) if share]
        means = [sum(share * self._single(scores, k) for share, k in present) for scores in self._constants(shares)]
        return float(min(means))

    def _single(self, scores: Array, label: int) -> float:
        labels = np.array([label])
        loss, _ = op(self.op_name, scores.dtype).forward(scores[None], labels, **self.options(scores[None], labels))
        return float(loss)

    def _constants(self, shares: Array) -> list[Array]:
        """Scores (outputs,) among which are the best for all samples: equal ones, the shares' logarithms, a margin."""
        logs = np.log(np.maximum(shares, np.finfo(np.float64).tiny))
        margin = np.eye(len(shares))[shares.argmax()]
        candidates = [np.zeros(len(shares)), logs, margin]
        return [scores[1:] - scores[:1] for scores in candidates] if self.binary else candidates


def finite_rows(scores: Array) -> NDArray[np.bool_]:
    """Whether all scores of each sample are finite: scores (N, outputs) -> (N,)."""
    return np.asarray(np.isfinite(scores).all(axis=1))


@dataclass(eq=False)
class SoftmaxCrossEntropy(Loss):
    """Softmax and cross-entropy: the mean of -log of the softmax probability of the right class, in nats.

        loss = mean_n ω (logsumexp z - Σ_k q z)        q = (1 - smoothing) t + smoothing / K        z, t, q (N, K)

    z are the scores; t is 1 at the label, where labels are (N,), or the labels themselves, where they are distributions
    over the classes (N, K); ω (N,) are the weights of the samples.

    smoothing: the fraction of the target, 0 to 1, that is spread evenly over all classes.
    class_weights: one per class; ω is that of a sample's label, or the mean of them under its distribution.
    Raises ValueError for a smoothing outside [0, 1], and for class weights that are negative or not finite.
    """

    op_name = "softmax_cross_entropy"
    confidence = "softmax probability"

    smoothing: float = 0.0
    class_weights: Sequence[float] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.smoothing <= 1:
            raise ValueError(f"label smoothing must be in [0, 1], not {self.smoothing}")
        if not all(0 <= weight < np.inf for weight in self.class_weights):
            raise ValueError(f"class weights must be finite and 0 or more, not {self.class_weights}")

    def outputs(self, classes: int) -> int:
        """One output per class. Raises ValueError where there are class weights of another number."""
        if len(self.class_weights) not in (0, classes):
            raise ValueError(
                f"there are {len(self.class_weights)} class weights for {classes} classes; give one for each"
            )
        return classes

    def _constants(self, shares: Array) -> list[Array]:
        """The same for the shares as the loss weighs and smooths them."""
        weighted = shares * (np.asarray(self.class_weights) if len(self.class_weights) else 1)
        smoothed = (1 - self.smoothing) * weighted / weighted.sum() + self.smoothing / len(shares)
        return super()._constants(smoothed)

    def options(self, scores: Array, labels: Labels | Array) -> dict[str, Any]:
        """The smoothing and, with class weights, the weight of each sample."""
        if not len(self.class_weights):
            return {"smoothing": self.smoothing}
        self.outputs(scores.shape[1])
        targets = softmax_cross_entropy.distributions(labels, scores)
        return {"smoothing": self.smoothing, "weights": targets @ np.asarray(self.class_weights, scores.dtype)}


def class_weights(counts: Sequence[int] | Array, power: float = 1.0) -> tuple[float, ...]:
    """Weights w_k in proportion to n_k^-power, for n_k training samples of class k; their mean over the samples is 1.

    At power 1 all classes count the same: w_k = N / (K n_k). At power ½ rare classes still count less than others.
    Raises ValueError for a class without samples. Source: King and Zeng 2001, Political Analysis 9(2).
    """
    n = np.asarray(counts, np.float64)
    if not (n > 0).all():
        raise ValueError(f"class {int(np.argmin(n > 0))} has no samples to derive a weight from; give the weights")
    w = n**-power
    return tuple((w * n.sum() / (n @ w)).tolist())


@dataclass(eq=False)
class Logistic(Loss):
    """Logistic loss: the mean of -log of the sigmoid probability of the right one of two classes, in nats.

        loss = mean_n (max(z, 0) - z t + log(1 + e^-|z|))        z (N, 1)        t is the label, 0 or 1

    Source: Cox 1958, J. Royal Stat. Soc. B 20.
    """

    op_name = "logistic"
    binary = True
    confidence = "sigmoid probability"


@dataclass(eq=False)
class Hinge(Loss):
    """The multi-class hinge loss: every class against the right one, with margin 1.

        loss = mean_n Σ_k max(0, s_k - s_label + 1)        s (N, K)        the sum leaves out the label itself

    Source: Weston and Watkins 1999, ESANN.
    """

    op_name = "hinge"
    confidence = "softmax of the scores (a hinge loss is not trained to give probabilities)"


@dataclass(eq=False)
class BinaryHinge(Loss):
    """The hinge loss of the support vector machine on two classes, with margin 1.

        loss = mean_n max(0, 1 - t s)        s (N, 1)        t = 2 label - 1, so -1 or 1

    Source: Cortes and Vapnik 1995, Machine Learning 20.
    """

    op_name = "binary_hinge"
    binary = True
    confidence = "sigmoid of the score (a hinge loss is not trained to give probabilities)"


LOSSES: dict[str, type[Loss]] = {kind.op_name: kind for kind in (SoftmaxCrossEntropy, Logistic, Hinge, BinaryHinge)}


def loss(name: str, **options: Any) -> Loss:
    """The loss of this name, with these options. Raises ValueError for an unknown name."""
    if name not in LOSSES:
        raise ValueError(f'unknown loss "{name}"{closest(name, LOSSES)}')
    return LOSSES[name](**options)


@dataclass(eq=False)
class L2:
    """The L2 penalty on a model's weights; biases, scales and shifts are not penalised.

        form "half"      λ/2 Σ w²        form "whole"      λ Σ w²

    strength: λ, 0 or above.
    form: "half" or "whole".
    Raises ValueError for a negative strength or another form.
    Source: Hoerl and Kennard 1970, Technometrics 12. Derivation: docs/derivations/l2.md
    """

    strength: float = 0.0
    form: str = "half"

    def __post_init__(self) -> None:
        l2.slope(self.strength, self.form)  # refuses bad arguments

    @property
    def slope(self) -> float:
        """The factor c of the penalty's gradient c w."""
        return l2.slope(self.strength, self.form)

    def forward(self, model: Sequential) -> float:
        """The penalty on all weights of the model, a scalar."""
        parameters = model.parameters
        return float(sum(self._term(parameters.values[where])[0] for where in self._slices(model)))

    def backward(self, model: Sequential) -> None:
        """Add the penalty's gradient to the model's gradients."""
        for where in self._slices(model):
            _, cache = self._term(model.parameters.values[where])
            model.parameters.grads[where] += l2.backward(1.0, cache)[0]

    def _slices(self, model: Sequential) -> tuple[slice, ...]:
        return model.parameters.penalised if self.strength else ()

    def _term(self, w: Array) -> tuple[Array, tuple[Array, float]]:
        return l2.forward(w, strength=self.strength, form=self.form)
