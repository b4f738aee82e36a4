"""Losses of values: the squared error in its variants, the absolute error, and Huber's loss."""

from collections.abc import Iterator

import numpy as np

from backhand.arrays import Array
from backhand.check.kinds.kind import Config, Layout, described
from backhand.check.kinds.loss import COUNTS_OF_VALUES, PER_VALUE, Loss, Term

VALUES = tuple({"samples": samples, "labels": "values"} for samples in ("rows", "columns", "vector", "one"))
ZERO_ONE = {"samples": "rows", "labels": "0 and 1"}  # for gradients that look at the labels, as one-hot ones
SQUARED = (
    "loss = the mean of ({x} − {labels})², or half of it,  dx = 2 ({x} − {labels}) / count, without the 2 for half"
)
ABSOLUTE = "loss = the mean of |{x} − {labels}|,  dx = sign({x} − {labels}) / count"
HUBER = "loss = d²/2 for |d| ≤ 1 and |d| − 1/2 beyond, d = {x} − {labels},  dx = d limited to −1 ... 1"


def _config(name: str, N: int, K: int, draw: str = "normal") -> Config:
    return Config(name, {"N": N, "K": K, "in": K, "out": K}, draw=draw)


def _configs(draw: str) -> tuple[Config, ...]:
    return (
        _config("5 samples of 3 values", 5, 3, draw),
        _config("1 sample", 1, 4, draw),
        _config("1 value each", 4, 1, draw),
        _config("as many values as samples", 4, 4, draw),
    )


class ValueLoss(Loss):
    """A loss of each value alone, by its difference from the label."""

    arrangements = VALUES
    reductions = PER_VALUE

    def draw_labels(self, N: int, K: int, rng: np.random.Generator) -> Array:
        """Any numbers may be labels here."""
        return rng.standard_normal((N, K))

    def draw(self, role: str, config: Config, layout: Layout, rng: np.random.Generator) -> Array | None:
        """Labels of 0 and 1 where the layout has them."""
        if role == "labels" and layout["labels"] == ZERO_ONE["labels"]:
            return super().draw_labels(config["N"], config["K"], rng)
        return super().draw(role, config, layout, rng)


class MeanSquaredError(ValueLoss):
    """The squared error, as a mean over samples or values, whole or half."""

    name, title = "mean_squared_error", "Mean squared error"
    names = (
        "mse",
        "mean squared error",
        "mse loss",
        "mse criterion",
        "squared loss",
        "l2 loss",
        "euclidean loss",
        "quadratic cost",
        "squared error",
        "mean square error",
        "least squares",
        "sum squared error",
    )
    configurations, arrangements = _configs("normal"), (*VALUES, ZERO_ONE)
    mistakes = COUNTS_OF_VALUES | described(
        SQUARED,
        {
            "factor 2 missing": (
                "is half of what it should be: the 2 of the derivative is missing",
                "The derivative of d² is 2d; only a loss of half the square has d.",
            ),
            "factor 2 kept": (
                "is twice what it should be",
                "The loss has a factor 1/2, which takes the 2 of the derivative away.",
            ),
            "gradient of the absolute error": (
                "is the sign of the difference alone",
                "That is the gradient of the absolute error; of the square it is twice the difference.",
            ),
            "label left out": ("is formed from {x} alone", "It is formed from the difference {x} − {labels}."),
            "square for its derivative": ("has the squared difference", "The derivative of d² is 2d."),
            "not squared": ("sums the differences, not their squares", "Differences of either sign would cancel."),
            "sum for difference": ("squares {x} + {labels}", "The error is {x} − {labels}."),
        },
    )

    def terms(self, x: Array, labels: Array, config: Config) -> Iterator[Term]:
        """The square of the difference, or half of it."""
        d = x - labels
        yield Term(d * d, 2 * d, {"scale": "whole"})
        yield Term(d * d / 2, d, {"scale": "half"})

    def wrong_values(self, x: Array, labels: Array, config: Config) -> Iterator[tuple[str, Array]]:
        """A forgotten square, and a wrong sign."""
        yield "not squared", x - labels
        yield "not squared", labels - x
        yield "sum for difference", (x + labels) ** 2

    def slips(self, x: Array, labels: Array, term: Term) -> Iterator[tuple[str, Array]]:
        """A factor 2 that is missing or kept, and gradients of other losses."""
        d, whole = x - labels, term.words["scale"] == "whole"
        yield ("factor 2 missing", d) if whole else ("factor 2 kept", 2 * d)
        yield "gradient of the absolute error", np.sign(d)
        yield "label left out", 2 * x if whole else x
        yield "square for its derivative", d * d
        yield "square for its derivative", 2 * d * d


class MeanAbsoluteError(ValueLoss):
    """The absolute error, as a mean or a sum."""

    name, title = "mean_absolute_error", "Mean absolute error"
    names = ("mae", "mean absolute error", "l1 loss", "mae loss", "absolute error", "absolute loss")
    configurations = _configs("normal")
    mistakes = COUNTS_OF_VALUES | described(
        ABSOLUTE,
        {
            "difference for its sign": (
                "is the difference, where its sign belongs",
                "|d| rises by 1 for each 1 of d, however large d is.",
            ),
            "gradient of the squared error": ("is twice the difference", "That is the gradient of the squared error."),
            "absolute value left out": (
                "sums the differences, not their absolute values",
                "Differences of either sign would cancel.",
            ),
            "sign left out": ("is a constant", "It is 1 where {x} exceeds the label and −1 where it falls short."),
        },
    )

    def terms(self, x: Array, labels: Array, config: Config) -> Iterator[Term]:
        """The absolute difference of each value."""
        yield Term(np.abs(x - labels), np.sign(x - labels))

    def wrong_values(self, x: Array, labels: Array, config: Config) -> Iterator[tuple[str, Array]]:
        """Differences of either sign, which cancel."""
        yield "absolute value left out", x - labels
        yield "absolute value left out", labels - x

    def slips(self, x: Array, labels: Array, term: Term) -> Iterator[tuple[str, Array]]:
        """The difference without its sign, and the gradient of another loss."""
        yield "difference for its sign", x - labels
        yield "difference for its sign", np.abs(x - labels)
        yield "gradient of the squared error", 2 * (x - labels)
        yield "sign left out", np.ones_like(x)


class Huber(ValueLoss):
    """Half the square of small differences, and the absolute value of large ones."""

    name, title = "huber", "Huber's loss"
    names = ("huber", "huber loss", "smooth l1", "smooth l1 loss", "smoothl1")
    configurations = _configs("large")
    mistakes = COUNTS_OF_VALUES | described(
        HUBER,
        {
            "not limited": ("is the difference, however large it is", "Beyond 1 the loss is linear, with slope 1."),
            "sign everywhere": (
                "is the sign of every difference",
                "Within 1 the loss is half the square, with slope d.",
            ),
            "factor 2 kept": ("is twice the difference where that is small", "Half the square has the slope d."),
            "sign left out": ("is 1 where the difference is large, whatever its sign", "There it is the sign."),
            "1/2 not subtracted": (
                "jumps where the difference is 1",
                "The linear part is |d| − 1/2, so that both parts meet.",
            ),
            "1/2 of the square missing": ("jumps where the difference is 1", "The quadratic part is d²/2."),
        },
    )

    def terms(self, x: Array, labels: Array, config: Config) -> Iterator[Term]:
        """Quadratic within 1, linear beyond."""
        d = x - labels
        yield Term(np.where(np.abs(d) <= 1, d * d / 2, np.abs(d) - 0.5), np.clip(d, -1, 1))

    def wrong_values(self, x: Array, labels: Array, config: Config) -> Iterator[tuple[str, Array]]:
        """Parts that do not meet."""
        d = np.abs(x - labels)
        yield "1/2 not subtracted", np.where(d <= 1, d * d / 2, d)
        yield "1/2 of the square missing", np.where(d <= 1, d * d, d - 0.5)

    def slips(self, x: Array, labels: Array, term: Term) -> Iterator[tuple[str, Array]]:
        """One part for both, or a wrong slope in one."""
        d = x - labels
        yield "not limited", d
        yield "sign everywhere", np.sign(d)
        yield "factor 2 kept", np.where(np.abs(d) <= 1, 2 * d, np.sign(d))
        yield "sign left out", np.where(np.abs(d) <= 1, d, 1)
