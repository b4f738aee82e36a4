"""The losses of classifiers: softmax and cross-entropy, logistic, and two hinges."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from backhand.arrays import Array, Labels
from backhand.backend import op
from backhand.ops import logistic, softmax_cross_entropy
from backhand.training.losses.base import Loss, finite_rows
from backhand.training.measures import Hits


@dataclass(eq=False)
class ClassificationLoss(Loss):
    """The base of the losses of classifiers. Labels are classes (N,), or distributions (N, K) where the op takes them.

    class_weights: one per class; the loss of a sample is multiplied by that of its label, or by the mean of them under
    its distribution. Raises ValueError for class weights that are negative or not finite.
    """

    binary: ClassVar[bool] = False
    confidence: ClassVar[str]  # what `predict_proba` returns, in words for a reader
    probabilistic: ClassVar[bool] = True  # whether the scores are trained to give probabilities

    class_weights: Sequence[float] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        if not all(0 <= weight < np.inf for weight in self.class_weights):
            raise ValueError(f"class weights must be finite and 0 or more, not {self.class_weights}")

    def outputs(self, count: int) -> int:
        """The outputs for so many classes: one per class, or a single one for two classes.

        Raises ValueError where a binary loss has not 2 classes, and for class weights of another number.
        """
        if self.binary and count != 2:
            raise ValueError(f"the loss {self.op_name} needs data with 2 classes, not {count}")
        if len(self.class_weights) not in (0, count):
            raise ValueError(
                f"there are {len(self.class_weights)} class weights for {count} classes; give one for each"
            )
        return 1 if self.binary else count

    def measures(self) -> Hits:
        """The number of samples classified correctly."""
        return Hits()

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

    def options(self, scores: Array, labels: Labels | Array, weights: Array | None) -> dict[str, Any]:
        """The weights of the samples: their own times those of their classes."""
        if not len(self.class_weights):
            return super().options(scores, labels, weights)
        own = self._class_weights_of(labels, scores)
        return {"weights": own if weights is None else own * weights}

    def _class_weights_of(self, labels: Labels | Array, scores: Array) -> Array:
        """The weight (N,) that each sample has from its class, or from its distribution over the classes."""
        per_class = np.asarray(self.class_weights, scores.dtype)
        self.outputs(2 if self.binary else scores.shape[1])
        if self.binary:
            return per_class[0] + (per_class[1] - per_class[0]) * labels.astype(scores.dtype)
        return softmax_cross_entropy.distributions(labels, scores) @ per_class

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
        options = self.options(scores[None], labels, None)
        loss, _ = op(self.op_name, scores.dtype).forward(scores[None], labels, **options)
        return float(loss)

    def _constants(self, shares: Array) -> list[Array]:
        """Scores (outputs,) among which are the best for all samples: equal ones, the shares' logarithms, a margin."""
        weighted = shares * (np.asarray(self.class_weights) if len(self.class_weights) else 1)
        logs = np.log(np.maximum(weighted / weighted.sum(), np.finfo(np.float64).tiny))
        margin = np.eye(len(shares))[weighted.argmax()]
        candidates = [np.zeros(len(shares)), logs, margin]
        return [scores[1:] - scores[:1] for scores in candidates] if self.binary else candidates


@dataclass(eq=False)
class SoftmaxCrossEntropy(ClassificationLoss):
    """Softmax and cross-entropy: the mean of -log of the softmax probability of the right class, in nats.

        loss = mean_n ω (logsumexp z - Σ_k q z)        q = (1 - smoothing) t + smoothing / K        z, t, q (N, K)

    z are the scores; t is 1 at the label, where labels are (N,), or the labels themselves, where they are distributions
    over the classes (N, K); ω (N,) are the weights of the samples.

    smoothing: the fraction of the target, 0 to 1, that is spread evenly over all classes.
    Raises ValueError for a smoothing outside [0, 1].
    """

    op_name = "softmax_cross_entropy"
    confidence = "softmax probability"

    smoothing: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.smoothing <= 1:
            raise ValueError(f"label smoothing must be in [0, 1], not {self.smoothing}")

    def options(self, scores: Array, labels: Labels | Array, weights: Array | None) -> dict[str, Any]:
        """The smoothing, and the weights of the samples where there are any."""
        return {"smoothing": self.smoothing, **super().options(scores, labels, weights)}

    def _constants(self, shares: Array) -> list[Array]:
        """The same for the shares as the loss weighs and smooths them."""
        weighted = shares * (np.asarray(self.class_weights) if len(self.class_weights) else 1)
        smoothed = (1 - self.smoothing) * weighted / weighted.sum() + self.smoothing / len(shares)
        return [np.zeros(len(shares)), np.log(np.maximum(smoothed, np.finfo(np.float64).tiny))]


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
class Logistic(ClassificationLoss):
    """Logistic loss: the mean of -log of the sigmoid probability of the right one of two classes, in nats.

        loss = mean_n ω (max(z, 0) - z t + log(1 + e^-|z|))        z (N, 1)        t is the label, 0 or 1

    Source: Cox 1958, J. Royal Stat. Soc. B 20.
    """

    op_name = "logistic"
    binary = True
    confidence = "sigmoid probability"


@dataclass(eq=False)
class Hinge(ClassificationLoss):
    """The multi-class hinge loss: every class against the right one, with margin 1.

        loss = mean_n ω Σ_k max(0, s_k - s_label + 1)        s (N, K)        the sum leaves out the label itself

    Source: Weston and Watkins 1999, ESANN.
    """

    op_name = "hinge"
    probabilistic = False
    confidence = "softmax of the scores (a hinge loss is not trained to give probabilities)"


@dataclass(eq=False)
class BinaryHinge(ClassificationLoss):
    """The hinge loss of the support vector machine on two classes, with margin 1.

        loss = mean_n ω max(0, 1 - t s)        s (N, 1)        t = 2 label - 1, so -1 or 1

    Source: Cortes and Vapnik 1995, Machine Learning 20.
    """

    op_name = "binary_hinge"
    binary = True
    probabilistic = False
    confidence = "sigmoid of the score (a hinge loss is not trained to give probabilities)"
