"""The cross-entropy of classes: of scores, of probabilities, and of their logarithms."""

from collections.abc import Iterator

import numpy as np

from backhand.arrays import Array
from backhand.check.kinds.kind import Config, described
from backhand.check.kinds.loss import COUNTS_OF_VALUES, PER_CLASS, Loss, Term
from backhand.check.kinds.softmax import log_softmax, softmax

EPSILONS = (1e-7, 1e-8, 1e-10, 1e-12, 1e-15, 1e-9, 1e-5, 1e-6, 1e-16, 1e-20, 1e-3, 1e-11)
IN_LOG = "in the logarithm"

ROWS = ("classes", "one-hot", "column")
CLASSES = (
    *({"samples": "rows", "labels": labels} for labels in ROWS),
    *({"samples": "columns", "labels": labels} for labels in ("one-hot", "classes", "row")),
    *({"samples": "one", "labels": labels} for labels in ("class", "one-hot")),
)
OF_SCORES = "loss = −log p at the label, p = softmax({x}),  dx = p − 1 at the label, p elsewhere, times 1/N for a mean"


def config_of(name: str, N: int, K: int, *, usual: bool = True, draw: str = "normal") -> Config:
    """A configuration of N samples and K classes."""
    return Config(name, {"N": N, "K": K, "in": K, "out": K, "classes": K}, usual, draw)


def class_configs(extreme: str) -> tuple[Config, ...]:
    """The configurations of a loss of classes; the last draws extreme values, which this describes."""
    return (
        config_of("5 samples, 3 classes", 5, 3),
        config_of("1 sample", 1, 4),
        config_of("as many samples as classes", 4, 4),
        config_of("2 classes", 3, 2),
        config_of(extreme, 4, 3, usual=False, draw="extreme"),
    )


COMMON = {
    "log of 0": (
        "is not finite where a probability is 0",
        "The logarithm of 0 is −∞. Compute the loss from the scores by log-sum-exp, or keep probabilities away from 0.",
    ),
    "labels off by one": (
        "takes the class beside the label",
        "Labels count from 0 here; a column of classes from 1 must be reduced by 1.",
    ),
    "logarithm left out": ("is minus the probability of the label, without the logarithm", "It is −log p."),
    "sign of the loss": ("is log p, and so negative", "The loss is −log p: 0 for certainty, large for a surprise."),
}


class SoftmaxCrossEntropy(Loss):
    """Softmax and cross-entropy as one loss of scores."""

    name, title, page = "softmax_cross_entropy", "Softmax cross-entropy", "softmax_cross_entropy.md"
    names = (
        "softmax cross entropy",
        "softmax loss",
        "cross entropy",
        "softmax crossentropy",
        "softmax cross entropy loss",
        "cross entropy loss",
        "cross entropy criterion",
        "cross entropy cost",
        "crossentropy",
        "log softmax loss",
        "cross entropy softmax",
        "softmax nll",
        "softmax ce",
        "softmax output",
        "multi cross entropy loss",
        "ce loss",
        "xent",
    )
    configurations, arrangements = class_configs("scores near 1000"), CLASSES
    reductions = PER_CLASS
    mistakes = COUNTS_OF_VALUES | described(
        OF_SCORES,
        COMMON
        | {
            "overflow": (
                "overflows for large scores",
                "Subtract the largest score of each sample first: softmax stays the same, and exp cannot exceed 1.",
            ),
            "softmax over the whole batch": (
                "takes softmax over the whole batch",
                "The probabilities of each sample add up to 1: the sum goes over its classes, with keepdims=True.",
            ),
            "softmax over the samples": (
                "takes softmax over the samples",
                "The probabilities of each sample add up to 1: the sum goes over its classes.",
            ),
            "shifted along the wrong axis": (
                "subtracts the maximum of each class, where that of each sample belongs",
                "Softmax stays the same only if one number is subtracted from all scores of a sample.",
            ),
            "not normalised": ("takes the scores for logarithms of probabilities", "They lack the log of the sum."),
            "scores for probabilities": (
                "is formed from the scores, where their softmax belongs",
                "The gradient of both together is softmax({x}) minus the label.",
            ),
            "1 not subtracted": (
                "is softmax({x}) itself: 1 at the label is not subtracted",
                "The score of the label lowers the loss, so its gradient is p − 1, which is negative.",
            ),
            "1 subtracted everywhere": ("is p − 1 for every class", "1 is subtracted at the label only."),
            "probabilities left out": ("is −1 at the label and 0 elsewhere", "The other classes have p."),
            "gradient by the probabilities": (
                "is that by the probabilities, −1/p at the label",
                "It has to pass through softmax: both together give p − 1 at the label, p elsewhere.",
            ),
            "softmax applied twice": (
                "has passed through the derivative of softmax once more",
                "p minus the label is the gradient by the scores already.",
            ),
            "derivative of the logistic function": (
                "is multiplied by p (1 − p) once more",
                "p minus the label is the gradient by the scores already.",
            ),
            "divided by p (1 − p)": (
                "is divided by p (1 − p)",
                "That is the gradient by a single probability; by the scores it is p minus the label.",
            ),
        },
    )

    def terms(self, x: Array, labels: Array, config: Config) -> Iterator[Term]:
        """Minus the logarithm of the label's probability, exact or with a small number added."""
        p = softmax(x)
        yield Term(-labels * log_softmax(x), p - labels)
        for eps in EPSILONS:
            with np.errstate(all="ignore"):
                outer = (labels / (p + eps) * p).sum(1, keepdims=True)
                yield Term(-labels * np.log(p + eps), outer * (p - labels), {IN_LOG: f"p + {eps:g}"})
        for eps in EPSILONS if config.draw == "extreme" else ():
            clipped = np.clip(p, eps, 1 - eps)
            yield Term(-labels * np.log(clipped), p - labels, {IN_LOG: f"p clipped at {eps:g}"})

    def wrong_values(self, x: Array, labels: Array, config: Config) -> Iterator[tuple[str, Array]]:
        """Softmax along wrong axes or without a shift, a wrong class, and forgotten parts."""
        with np.errstate(all="ignore"):
            e = np.exp(x)
            yield "overflow", -np.log((labels * (e / e.sum(1, keepdims=True))).sum(1))
            yield "overflow", -(labels * np.log(e / e.sum(1, keepdims=True))).sum(1)
        if config.draw == "extreme":
            yield "log of 0", -np.where(labels > 0, np.log(np.maximum(softmax(x), 0)), 0).sum(1)
            yield "log of 0", -(labels * np.log(softmax(x))).sum(1)
        logs = log_softmax(x)
        if len(x) > 1:
            yield "softmax over the whole batch", -(labels * log_softmax(x, None)).sum(1)
            yield "softmax over the samples", -(labels * log_softmax(x, 0)).sum(1)
            shifted = x - x.max(1, keepdims=True)  # the shift of each sample, which the wrong sum does not take back
            yield "softmax over the whole batch", -(labels * (shifted - np.log(np.exp(shifted).sum()))).sum(1)
            yield "softmax over the samples", -(labels * (shifted - np.log(np.exp(shifted).sum(0)))).sum(1)
            yield "shifted along the wrong axis", -(labels * log_softmax(x - x.max(0))).sum(1)
        for shift in (1, -1):
            yield "labels off by one", -(np.roll(labels, shift, 1) * logs).sum(1)
        yield "not normalised", -(labels * x).sum(1)
        yield "logarithm left out", -(labels * np.exp(logs)).sum(1)
        yield "sign of the loss", (labels * logs).sum(1)

    def slips(self, x: Array, labels: Array, term: Term) -> Iterator[tuple[str, Array]]:
        """Gradients that miss softmax, the label, or a sum, and those that pass through softmax twice."""
        p = softmax(x)
        g = p - labels
        yield "scores for probabilities", x - labels
        yield "1 not subtracted", p
        yield "1 subtracted everywhere", p - 1
        yield "probabilities left out", -labels
        yield "gradient by the probabilities", -labels / p
        yield "softmax applied twice", p * (g - (g * p).sum(1, keepdims=True))
        yield "derivative of the logistic function", g * p * (1 - p)
        yield "divided by p (1 − p)", g / (p * (1 - p))
        yield "softmax over the whole batch", softmax(x, None) - labels
        yield "softmax over the samples", softmax(x, 0) - labels
        e = np.exp(x - x.max(1, keepdims=True))
        yield "softmax over the whole batch", e / e.sum() - labels
        yield "softmax over the samples", e / e.sum(0) - labels
        yield "shifted along the wrong axis", softmax(x - x.max(0)) - labels
        for shift in (1, -1):
            yield "labels off by one", p - np.roll(labels, shift, 1)
