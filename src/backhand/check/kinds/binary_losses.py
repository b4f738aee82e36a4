"""Losses of two classes: binary cross-entropy of probabilities and of scores, and the binary hinge."""

from collections.abc import Iterator

import numpy as np

from backhand.arrays import Array
from backhand.check.kinds.cross_entropy import EPSILONS, IN_LOG
from backhand.check.kinds.kind import Config, Layout, described
from backhand.check.kinds.loss import COUNTS_OF_VALUES, PER_VALUE, Loss, Term
from backhand.check.kinds.smooth import expit

SAMPLES = ("rows", "vector", "columns", "one")
WHOLE = {"samples": "vector", "labels": "whole values"}  # labels that may be indices
ZERO_ONE = (*({"samples": samples, "labels": "values"} for samples in SAMPLES), WHOLE)
SIGNS = tuple({"samples": samples, "labels": "signs"} for samples in SAMPLES)
OF_PROBABILITIES = (
    "loss = −(t log {x} + (1 − t) log(1 − {x})),  dx = −t/{x} + (1 − t)/(1 − {x}) = ({x} − t) / ({x} (1 − {x}))"
)
OF_SCORES = "loss = −(t log s + (1 − t) log(1 − s)), s = 1/(1 + exp(−{x})),  dx = s − t"
OF_HINGE = "loss = max(0, 1 − t {x}) for labels t of ±1,  dx = −t where t {x} < 1, and 0 elsewhere"


def _configs(extreme: str) -> tuple[Config, ...]:
    sizes = (("5 samples", 5, 1), ("1 sample", 1, 1), ("4 samples of 3 values", 4, 3))
    usual = tuple(Config(name, {"N": N, "K": K, "in": K, "out": K}) for name, N, K in sizes)
    return (*usual, Config(extreme, {"N": 6, "K": 1, "in": 1, "out": 1}, usual=False, draw="extreme"))


VALUE_TEXTS = {
    "second term's sign": (
        "has the wrong sign in its second term: are parentheses missing?",
        "The minus stands before the sum of both terms.",
    ),
    "second term missing": (
        "lacks the term of the labels 0",
        "A label of 0 adds −log(1 − p); without it, predicting 1 everywhere costs nothing.",
    ),
    "first term missing": ("lacks the term of the labels 1", "A label of 1 adds −log p."),
    "labels swapped": ("takes labels of 0 for 1", "A label of 1 adds −log p, one of 0 adds −log(1 − p)."),
    "sign of the loss": ("is negative: the minus is missing", "Logarithms of probabilities are negative."),
    "log of 0": (
        "is not finite where a probability is 0 or 1",
        "Compute the loss from the scores, or keep probabilities away from 0 and 1.",
    ),
}


class BinaryLoss(Loss):
    """A loss of two classes, whose labels are 0 and 1, or −1 and 1."""

    reductions = PER_VALUE

    def draw_labels(self, N: int, K: int, rng: np.random.Generator) -> Array:
        """Zeros and ones, of each about half."""
        return rng.permutation(np.arange(N * K) % 2).reshape(N, K).astype(np.float64)


def _wrong_values(p: Array, t: Array) -> Iterator[tuple[str, Array]]:
    with np.errstate(all="ignore"):
        first, second = t * np.log(p), (1 - t) * np.log(1 - p)
        yield "second term's sign", -first + second
        yield "second term missing", -first
        yield "first term missing", -second
        yield "labels swapped", -(1 - t) * np.log(p) - t * np.log(1 - p)
        yield "sign of the loss", first + second
        yield "log of 0", -(first + second)


class BinaryCrossEntropy(BinaryLoss):
    """The cross-entropy of two classes, of probabilities."""

    name, title, page = "binary_cross_entropy", "Binary cross-entropy of probabilities", "logistic.md"
    names = (
        "binary cross entropy",
        "bce",
        "bce loss",
        "binary cross entropy loss",
        "cost",
        "logistic loss",
        "log loss",
        "cross entropy cost",
        "bce criterion",
    )
    configurations, arrangements = _configs("probabilities of 0 and 1"), ZERO_ONE
    mistakes = COUNTS_OF_VALUES | described(
        OF_PROBABILITIES,
        VALUE_TEXTS
        | {
            "gradient by the scores": (
                "is {x} minus the label, the gradient by the scores",
                "That is right where the logistic function is part of this loss. If it is a layer of its own with a "
                "backward pass of its own, the difference is divided by {x} (1 − {x}).",
            ),
            "logistic function's derivative": (
                "is multiplied by {x} (1 − {x}), where it is to be divided",
                "The derivatives of the logarithms are 1/{x} and 1/(1 − {x}).",
            ),
            "same denominator": ("divides both terms by {x}", "The derivative of log(1 − {x}) is −1/(1 − {x})."),
        },
    )

    def draw(self, role: str, config: Config, layout: Layout, rng: np.random.Generator) -> Array | None:
        """x holds probabilities, or exact zeros and ones."""
        array = super().draw(role, config, layout, rng)
        if role != "x" or array is None:
            return array
        return (array > 0) * 1.0 if config.draw == "extreme" else expit(array)

    def terms(self, x: Array, labels: Array, config: Config) -> Iterator[Term]:
        """Exact, with a small number in the logarithms, or with clipped probabilities."""
        t = labels
        with np.errstate(all="ignore"):
            exact = np.where(t == 1, -np.log(x), -np.log(1 - x))
            yield Term(exact, -t / x + (1 - t) / (1 - x))
            for eps in EPSILONS:
                value = -(t * np.log(x + eps) + (1 - t) * np.log(1 - x + eps))
                yield Term(value, -t / (x + eps) + (1 - t) / (1 - x + eps), {IN_LOG: f"p + {eps:g}"})
            for eps in EPSILONS if config.draw == "extreme" else ():
                p = np.clip(x, eps, 1 - eps)
                value = -(t * np.log(p) + (1 - t) * np.log(1 - p))
                yield Term(value, -t / p + (1 - t) / (1 - p), {IN_LOG: f"p clipped at {eps:g}"})

    def wrong_values(self, x: Array, labels: Array, config: Config) -> Iterator[tuple[str, Array]]:
        """Terms that are missing or have a wrong sign."""
        yield from _wrong_values(x, labels)

    def slips(self, x: Array, labels: Array, term: Term) -> Iterator[tuple[str, Array]]:
        """Terms that are missing or have a wrong sign, and the gradient by the scores."""
        t = labels
        with np.errstate(all="ignore"):
            yield "second term's sign", -t / x - (1 - t) / (1 - x)
            yield "second term missing", -t / x
            yield "first term missing", (1 - t) / (1 - x)
            yield "labels swapped", -(1 - t) / x + t / (1 - x)
            yield "gradient by the scores", x - t
            yield "logistic function's derivative", (x - t) * x * (1 - x)
            yield "same denominator", -t / x + (1 - t) / x


class LogisticLoss(BinaryLoss):
    """The cross-entropy of two classes, of scores."""

    name, title, page = "logistic", "Binary cross-entropy of scores", "logistic.md"
    names = (
        "sigmoid cross entropy",
        "bce with logits",
        "bce with logits loss",
        "logistic loss",
        "sigmoid loss",
        "binary cross entropy",
        "sigmoid cross entropy loss",
        "logistic regression loss",
        "sigmoid bce",
        "sigmoid binary cross entropy",
        "cross entropy sigmoid",
    )
    configurations, arrangements = _configs("scores near 1000"), (*ZERO_ONE, *SIGNS)
    mistakes = COUNTS_OF_VALUES | described(
        OF_SCORES,
        VALUE_TEXTS
        | {
            "logistic function missing": (
                "is formed from the scores, where probabilities belong",
                "s = 1/(1 + exp(−{x})) comes first, and its difference from the label is the gradient.",
            ),
            "gradient by the probabilities": (
                "is divided by s (1 − s): that is the gradient by the probability",
                "The derivative of the logistic function, s (1 − s), takes the denominator away.",
            ),
            "logistic function's derivative": (
                "is multiplied by s (1 − s) once more",
                "s minus the label is the gradient by the scores already.",
            ),
            "label left out": ("is s itself, without the label", "It is s minus the label."),
        },
    )

    def terms(self, x: Array, labels: Array, config: Config) -> Iterator[Term]:
        """Exact, or with a small number in the logarithms of probabilities."""
        s, t = expit(x), labels
        yield Term(np.logaddexp(0, x) - t * x, s - t)
        for eps in EPSILONS:
            value = -(t * np.log(s + eps) + (1 - t) * np.log(1 - s + eps))
            yield Term(value, s - t, {IN_LOG: f"p + {eps:g}"})

    def wrong_values(self, x: Array, labels: Array, config: Config) -> Iterator[tuple[str, Array]]:
        """Terms that are missing or have a wrong sign, and logarithms of 0."""
        yield from _wrong_values(expit(x), labels)

    def slips(self, x: Array, labels: Array, term: Term) -> Iterator[tuple[str, Array]]:
        """The logistic function left out or applied twice, and terms that are missing or have a wrong sign."""
        s, t = expit(x), labels
        yield "logistic function missing", x - t
        yield "gradient by the probabilities", (s - t) / (s * (1 - s))
        yield "logistic function's derivative", (s - t) * s * (1 - s)
        yield "label left out", s
        yield "second term's sign", -t * (1 - s) - (1 - t) * s
        yield "second term missing", -t * (1 - s)
        yield "first term missing", (1 - t) * s
        yield "labels swapped", s - (1 - t)


class BinaryHinge(BinaryLoss):
    """The hinge of two classes, with labels of ±1."""

    name, title, page = "binary_hinge", "Binary hinge", "binary_hinge.md"
    names = ("binary hinge", "hinge loss", "hinge", "binary hinge loss")
    configurations, arrangements = _configs("")[:3], SIGNS
    mistakes = COUNTS_OF_VALUES | described(
        OF_HINGE,
        {
            "mask left out": ("is −t everywhere", "Where t {x} is 1 or more, the loss is 0, and so is its gradient."),
            "mask inverted": ("is 0 where the loss is not", "The gradient is −t where t {x} is below 1."),
            "label left out": ("has no label in it", "The slope of 1 − t {x} is −t."),
            "margin left out": ("has no margin of 1", "The loss is max(0, 1 − t {x}), which asks for t {x} ≥ 1."),
            "maximum left out": ("is 1 − t {x}, which may be negative", "The loss is 0 where t {x} exceeds 1."),
        },
    )

    def terms(self, x: Array, labels: Array, config: Config) -> Iterator[Term]:
        """The shortfall of t x from 1."""
        t = 2 * labels - 1
        yield Term(np.maximum(0, 1 - t * x), -t * (t * x < 1))

    def wrong_values(self, x: Array, labels: Array, config: Config) -> Iterator[tuple[str, Array]]:
        """Without the margin, or without the maximum."""
        t = 2 * labels - 1
        yield "margin left out", np.maximum(0, -t * x)
        yield "maximum left out", 1 - t * x

    def slips(self, x: Array, labels: Array, term: Term) -> Iterator[tuple[str, Array]]:
        """A mask that is missing or wrong, and a forgotten label."""
        t = 2 * labels - 1
        yield "mask left out", -t
        yield "mask inverted", -t * (t * x >= 1)
        yield "label left out", -1.0 * (t * x < 1)
        yield "margin left out", -t * (t * x < 0)
