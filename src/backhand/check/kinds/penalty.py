"""Penalties on weights: the sum of their squares or of their absolute values, times a strength."""

from collections.abc import Iterator, Mapping

import numpy as np

from backhand.arrays import Array, Shape
from backhand.check.kinds.kind import Case, Config, Kind, Layout, Match, WrongGradient, described

SQUARES, HALF, ABSOLUTE = "the sum of squares", "half the sum of squares", "the sum of absolute values"
VALUE = "loss = strength · Σ {w}², or half of it"
GRADIENT = "dw = 2 · strength · {w} for the whole sum of squares, strength · {w} for half of it"


class Penalty(Kind):
    """A penalty on weights, with its gradient by them."""

    name, title, page = "penalty", "Penalty on weights", "l2.md"
    names = (
        "l2 regularization",
        "regularization",
        "l2",
        "l2 penalty",
        "weight decay",
        "regularizer",
        "l1",
        "penalty",
        "l2 regularisation",
        "l1 regularization",
        "ridge",
        "lasso",
    )
    inputs = ("w",)
    configurations = (
        Config("3 x 4 weights", {"reg": 0.3, "shape": (3, 4), "N": 3}),
        Config("another strength", {"reg": 2.5, "shape": (2, 5), "N": 2}),
        Config("strength 1", {"reg": 1.0, "shape": (2, 3), "N": 2}),
    )
    mistakes = described(
        VALUE,
        {
            "strength left out": ("leaves the strength out", "The penalty is multiplied by its strength."),
            "root taken": ("is the root of the sum of squares", "The penalty is the sum itself."),
            "mean for sum": ("is a mean over the weights", "The penalty is a sum."),
        },
    ) | described(
        GRADIENT,
        {
            "factor 2 missing": (
                "is half of what it should be",
                "The derivative of {w}² is 2 {w}; only half the sum of squares has {w}.",
            ),
            "factor 2 kept": (
                "is twice what it should be",
                "The loss has a factor 1/2, which takes the 2 of the derivative away.",
            ),
            "square for its derivative": ("has {w}², where its derivative belongs", "That is 2 {w}."),
            "sign of the weights": ("has the signs of {w}", "They belong to the sum of absolute values."),
            "weights for their sign": ("has {w}, where its sign belongs", "|{w}| has the slope 1 or −1."),
        },
    )

    def shape(self, role: str, config: Config, layout: Layout) -> Shape | None:
        """The weights, of any shape."""
        return config["shape"] if role == "w" else None

    def matches(self, arrays: Mapping[str, Array], config: Config, layout: Layout) -> Iterator[Match]:
        """The strength times a sum, and known wrong forms."""
        w, reg = arrays["w"], config["reg"]
        forms = {SQUARES: (w * w).sum(), HALF: (w * w).sum() / 2, ABSOLUTE: np.abs(w).sum()}
        for words, value in forms.items():
            yield Match(np.asarray(reg * value), {"form": words})
        for words, value in forms.items():
            yield Match(np.asarray(value), {"form": words}, "strength left out")
            yield Match(np.asarray(reg * value / w.size), {"form": words}, "mean for sum")
        yield Match(np.asarray(reg * np.sqrt(forms[SQUARES])), {"form": SQUARES}, "root taken")

    def wrong_gradients(self, case: Case) -> Iterator[WrongGradient]:
        """A factor 2 that is missing or kept, a forgotten strength, and gradients of other penalties."""
        w, form = case.arrays["w"], self.convention_of(case).get("form", SQUARES)
        right = {SQUARES: 2 * w, HALF: w, ABSOLUTE: np.sign(w)}[form]
        reg = case.config["reg"] * case.dy
        slips = {
            "strength left out": right * case.dy,
            "square for its derivative": w * w * reg,
            "mean for sum": right * reg / w.size,
        }
        slips |= {
            SQUARES: {"factor 2 missing": w * reg, "sign of the weights": np.sign(w) * reg},
            HALF: {"factor 2 kept": 2 * w * reg, "sign of the weights": np.sign(w) * reg},
            ABSOLUTE: {"weights for their sign": w * reg},
        }[form]
        for mistake, values in slips.items():
            yield WrongGradient(mistake, "w", values)
