"""The hinge of several classes, as in support vector machines."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from backhand.arrays import Array
from backhand.check.kinds.cross_entropy import CLASSES, config_of
from backhand.check.kinds.kind import Config, described
from backhand.check.kinds.loss import COUNTS_OF_VALUES, PER_CLASS, Loss, Term

VALUE = "loss = the sum over the wrong classes j of max(0, {x}ⱼ − {x} of the label + 1)"
GRADIENT = "dx = 1 at each wrong class with a positive margin, and minus their number at the label"
OF_SQUARES = "dx = 2 · margin at each wrong class, and minus the sum of those at the label"
FORM = "form"


class Hinge(Loss):
    """All wrong classes against the right one, with a margin of 1; linear, squared, or the largest alone."""

    name, title, page = "hinge", "Multi-class hinge", "hinge.md"
    names = (
        "svm",
        "svm loss",
        "hinge",
        "hinge loss",
        "multi class hinge",
        "multiclass hinge loss",
        "margin loss",
        "multiclass svm loss",
        "squared hinge loss",
    )
    arrangements = CLASSES
    reductions = PER_CLASS
    configurations = (
        config_of("5 samples, 4 classes", 5, 4),
        config_of("1 sample", 1, 4),
        config_of("as many samples as classes", 4, 4),
        config_of("2 classes", 3, 2),
        config_of("large scores", 6, 5, draw="large"),
    )
    mistakes = (
        COUNTS_OF_VALUES
        | described(
            VALUE,
            {
                "right class counted": (
                    "counts the right class among the wrong ones, which adds 1 for each sample",
                    "At the label the margin is always 1; set it to 0 before the sum.",
                ),
                "right class at 0": (
                    "sets the score of the right class to 0 and counts its margin, max(0, 1 − {x} of the label)",
                    "At the label the margin itself is to be 0: mask the margins, not the scores.",
                ),
                "margin left out": ("lacks the margin of 1", "The right score must lead by 1."),
                "scores swapped": (
                    "subtracts the wrong scores from the right one",
                    "A wrong score that is too high costs: its difference from the right one counts.",
                ),
                "maximum left out": ("sums margins of either sign", "Margins below 0 count as 0."),
            },
        )
        | described(
            GRADIENT,
            {
                "count at the label missing": (
                    "is 0 at the label",
                    "The right score stands in every margin with a minus, so its gradient is minus the number of "
                    "positive margins.",
                ),
                "1 at the label": (
                    "is −1 at the label, where minus the number of positive margins belongs",
                    "The right score stands in every margin.",
                ),
                "count at the label too large": (
                    "counts the right class at the label",
                    "The margin at the label is no margin: only wrong classes count.",
                ),
                "sign at the label": ("has the number of margins with a plus", "At the label it is negative."),
                "margins for their mask": (
                    "has the margins, where 1 belongs",
                    "A positive margin grows by 1 for each 1 of the score.",
                ),
                "mask left out": ("is 1 at every wrong class", "Where the margin is negative, the gradient is 0."),
                "label left out of the mask": ("is 1 at the label too", "1 belongs to wrong classes only."),
            },
        )
        | described(
            OF_SQUARES,
            {
                "factor 2 missing": ("is half of what it should be", "The derivative of m² is 2m."),
                "gradient of the linear hinge": (
                    "is that of the linear hinge",
                    "The loss squares its margins, so each margin stays as a factor.",
                ),
            },
        )
    )

    def values(self, role: str, config: Config) -> list[Any]:
        """The margin is 1 where it is a setting."""
        return [1.0] if role == "margin" else super().values(role, config)

    def terms(self, x: Array, labels: Array, config: Config) -> Iterator[Term]:
        """Linear, squared, half the square, and the largest margin alone."""
        margins = _margins(x, labels)
        linear, squared = _pulled(1.0 * (margins > 0), labels), _pulled(2 * margins, labels)
        yield Term(margins, linear, {FORM: "linear"})
        yield Term(margins**2, squared, {FORM: "squared"})
        yield Term(margins**2 / 2, squared / 2, {FORM: "half the square"})
        largest = (margins == margins.max(1, keepdims=True)) & (margins > 0)
        yield Term(margins * largest, _pulled(1.0 * largest, labels), {FORM: "the largest margin alone"})

    def wrong_values(self, x: Array, labels: Array, config: Config) -> Iterator[tuple[str, Array]]:
        """The right class counted, no margin, a wrong sign, no maximum."""
        right = (x * labels).sum(1, keepdims=True)
        yield "right class counted", np.maximum(0, x - right + 1)
        yield "right class at 0", np.maximum(0, x * (1 - labels) - right + 1)
        yield "margin left out", np.maximum(0, x - right)
        yield "scores swapped", np.maximum(0, right - x + 1) * (1 - labels)
        yield "maximum left out", (x - right + 1) * (1 - labels)

    def slips(self, x: Array, labels: Array, term: Term) -> Iterator[tuple[str, Array]]:
        """Wrong entries at the label, and margins for their mask or the reverse."""
        margins, form = _margins(x, labels), term.words[FORM]
        squares = form in ("squared", "half the square")
        wrong = term.gradient * (1 - labels)
        at_label = wrong.sum(1, keepdims=True) * labels
        yield "count at the label missing", wrong
        yield "1 at the label", wrong - labels
        yield "count at the label too large", term.gradient - labels
        yield "sign at the label", wrong + at_label
        yield "mask left out", _pulled(1 - labels, labels)
        yield "label left out of the mask", term.gradient + labels
        if form == "linear":
            yield "margins for their mask", _pulled(margins, labels)
        if squares:
            yield "gradient of the linear hinge", _pulled(1.0 * (margins > 0), labels)
        if form == "squared":
            yield "factor 2 missing", term.gradient / 2


def _margins(x: Array, labels: Array) -> Array:
    """By how much each wrong class falls short of trailing by 1; 0 at the label."""
    return np.maximum(0, x - (x * labels).sum(1, keepdims=True) + 1) * (1 - labels)


def _pulled(wrong: Array, labels: Array) -> Array:
    """The gradient with these entries at wrong classes: minus their sum at the label."""
    return wrong * (1 - labels) - (wrong * (1 - labels)).sum(1, keepdims=True) * labels
