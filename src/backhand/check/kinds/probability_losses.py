"""The cross-entropy of classes, of probabilities and of their logarithms."""

from collections.abc import Iterator

import numpy as np

from backhand.arrays import Array
from backhand.check.kinds.cross_entropy import CLASSES, COMMON, EPSILONS, IN_LOG, class_configs
from backhand.check.kinds.kind import Config, Layout, described
from backhand.check.kinds.loss import COUNTS_OF_VALUES, PER_CLASS, Loss, Term
from backhand.check.kinds.softmax import log_softmax, softmax

OF_PROBABILITIES = "loss = −log {x} at the label,  dx = −1/{x} at the label and 0 elsewhere, times 1/N for a mean"
OF_LOGARITHMS = "loss = −{x} at the label,  dx = −1 at the label and 0 elsewhere, times 1/N for a mean"


class CrossEntropy(Loss):
    """The cross-entropy of probabilities that are given as such."""

    name, title, page = "cross_entropy", "Cross-entropy of probabilities", "softmax_cross_entropy.md"
    names = ("cross entropy", "cross entropy loss", "categorical cross entropy", "ce loss", "log loss")
    configurations, arrangements = class_configs("probabilities of 0 and 1"), CLASSES
    reductions = PER_CLASS
    mistakes = COUNTS_OF_VALUES | described(
        OF_PROBABILITIES,
        COMMON
        | {
            "gradient by the scores": (
                "is {x} minus the label, the gradient by the scores",
                "That is right where softmax is part of this loss. If softmax is a layer of its own with a backward "
                "pass of its own, the loss gives −1/{x} at the label.",
            ),
            "1/x missing": ("is −1 at the label: 1/{x} is missing", "The derivative of −log {x} is −1/{x}."),
            "logarithm for its derivative": ("has log {x}, where its derivative belongs", "That is 1/{x}."),
            "terms of the other classes": (
                "has terms of the other classes, (1 − t)/(1 − {x})",
                "They belong to binary cross-entropy; this loss depends on the probability of the label alone.",
            ),
        },
    )

    def draw(self, role: str, config: Config, layout: Layout, rng: np.random.Generator) -> Array | None:
        """x holds probabilities, or exact zeros and ones.

        The probabilities are not small: code that adds a small number to them in one pass alone is right all the same.
        """
        array = super().draw(role, config, layout, rng)
        if role != "x" or array is None:
            return array
        p = softmax(array, 0 if layout["samples"] == "columns" else -1)
        return np.round(p) if config.draw == "extreme" else 0.8 * p + 0.2 / config["K"]

    def terms(self, x: Array, labels: Array, config: Config) -> Iterator[Term]:
        """Minus the logarithm of the label's probability, exact, with a small number added, or clipped."""
        with np.errstate(all="ignore"):
            yield Term(np.where(labels > 0, -np.log(x), 0), -labels / x)
            for eps in EPSILONS:
                words = {IN_LOG: f"p + {eps:g}"}
                yield Term(-labels * np.log(x + eps), -labels / (x + eps), words)
            for eps in EPSILONS if config.draw == "extreme" else ():
                for clipped in (np.clip(x, eps, 1 - eps), np.maximum(x, eps)):
                    words = {IN_LOG: f"p clipped at {eps:g}"}
                    yield Term(-labels * np.log(clipped), -labels / clipped, words)

    def wrong_values(self, x: Array, labels: Array, config: Config) -> Iterator[tuple[str, Array]]:
        """A wrong class, and forgotten parts."""
        with np.errstate(all="ignore"):
            yield "log of 0", -(labels * np.log(x)).sum(1)
            yield "sign of the loss", (labels * np.log(x)).sum(1)
            for shift in (1, -1):
                yield "labels off by one", -(np.roll(labels, shift, 1) * np.log(x)).sum(1)
        yield "logarithm left out", -(labels * x).sum(1)

    def slips(self, x: Array, labels: Array, term: Term) -> Iterator[tuple[str, Array]]:
        """The gradient by the scores, and forgotten parts."""
        yield "gradient by the scores", x - labels
        yield "1/x missing", -labels
        yield "logarithm for its derivative", -labels * np.log(x)
        yield "logarithm for its derivative", labels * np.log(x)
        yield "terms of the other classes", -labels / x + (1 - labels) / (1 - x)
        for shift in (1, -1):
            yield "labels off by one", -np.roll(labels, shift, 1) / x


class NegativeLogLikelihood(Loss):
    """The cross-entropy of logarithms of probabilities."""

    name, title, page = "nll", "Negative log-likelihood", "softmax_cross_entropy.md"
    names = ("nll", "nll loss", "negative log likelihood", "class nll criterion", "classnll")
    configurations = class_configs("probabilities near 0")[:4]
    arrangements = CLASSES
    reductions = PER_CLASS
    mistakes = COUNTS_OF_VALUES | described(
        OF_LOGARITHMS,
        {name: COMMON[name] for name in ("labels off by one", "sign of the loss")}
        | {
            "logarithm of a logarithm": ("takes the logarithm once more", "{x} holds logarithms already."),
            "gradient by the scores": (
                "is exp({x}) minus the label, the gradient by the scores",
                "That is right where log-softmax is part of this loss. If it is a layer of its own, the loss gives −1 "
                "at the label.",
            ),
            "gradient by the probabilities": ("is −1/p at the label", "{x} is log p, so the derivative is −1."),
        },
    )

    def draw(self, role: str, config: Config, layout: Layout, rng: np.random.Generator) -> Array | None:
        """x holds logarithms of probabilities."""
        array = super().draw(role, config, layout, rng)
        if role != "x" or array is None:
            return array
        return log_softmax(array, 0 if layout["samples"] == "columns" else -1)

    def terms(self, x: Array, labels: Array, config: Config) -> Iterator[Term]:
        """Minus the logarithm at the label."""
        yield Term(-labels * x, -labels)

    def wrong_values(self, x: Array, labels: Array, config: Config) -> Iterator[tuple[str, Array]]:
        """A wrong class, a wrong sign, a logarithm too many."""
        for shift in (1, -1):
            yield "labels off by one", -(np.roll(labels, shift, 1) * x).sum(1)
        yield "sign of the loss", (labels * x).sum(1)
        yield "logarithm of a logarithm", -(labels * np.log(np.abs(x))).sum(1)

    def slips(self, x: Array, labels: Array, term: Term) -> Iterator[tuple[str, Array]]:
        """The gradients by scores and by probabilities, and that of a wrong class."""
        yield "gradient by the scores", np.exp(x) - labels
        yield "gradient by the probabilities", -labels / np.exp(x)
        for shift in (1, -1):
            yield "labels off by one", -np.roll(labels, shift, 1)
