"""Functions of each element alone: what activations of every kind have in common."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from backhand.arrays import Array, Shape
from backhand.check.kinds.kind import Case, Config, Kind, Layout, Match, Mistake, WrongGradient

Function = Callable[[Array], Array]


@dataclass(frozen=True)
class Curve:
    """One form of an activation: its value and its derivative at x, and the derivative as people compute it from y."""

    words: str
    value: Function
    slope: Function
    from_output: Function | None = None


@dataclass(frozen=True)
class Pass:
    """What a backward pass has at hand; `slope` is the derivative at x."""

    x: Array
    y: Array
    dy: Array
    slope: Array
    curve: Curve


Slip = tuple[str, Callable[[Pass], Array]]


def configs_of(*slopes: float | None) -> tuple[Config, ...]:
    """The configurations of an activation; the setting that it takes, if any, changes from one to the next."""
    drawn = (
        ("4 samples of 3 values", (4, 3), "normal", True),
        ("1 sample", (1, 5), "normal", True),
        ("1 value", (1, 1), "normal", True),
        ("images", (2, 3, 4, 5), "normal", False),
        ("the first value is negative", (3, 4), "first negative", True),
        ("the first value is positive", (3, 4), "first positive", True),
        ("large values", (4, 3), "large", True),
    )
    return tuple(
        Config(name, {"N": x[0], "in": x[1], "out": x[1], "shape": x, "slope": slopes[i % len(slopes)]}, usual, draw)
        for i, (name, x, draw, usual) in enumerate(drawn)
    )


class Activation(Kind):
    """A function of one array in its own shape.

    curves: the forms in use.   wrong_values: wrong results that are known, by mistake.   slips: wrong backward passes
    of its own.   common: the names of those that it shares with other activations.
    """

    configurations = configs_of(None)
    arrangements = ({"axes": "two"}, {"axes": "one"}, {"axes": "column"})
    curves: ClassVar[tuple[Curve, ...]] = ()
    wrong_values: ClassVar[tuple[tuple[str, Function], ...]] = ()
    slips: ClassVar[tuple[Slip, ...]] = ()
    common: ClassVar[tuple[str, ...]] = ()

    def shape(self, role: str, config: Config, layout: Layout) -> Shape | None:
        """x may have two axes, one, or be a column."""
        if role != "x":
            return None
        shape: Shape = config["shape"]
        if layout["axes"] == "one":
            return (int(np.prod(shape)),)
        return (int(np.prod(shape)), 1) if layout["axes"] == "column" else shape

    def curves_of(self, config: Config) -> tuple[Curve, ...]:
        """The forms that may be meant in this configuration, the likeliest first."""
        return self.curves

    def matches(self, arrays: Mapping[str, Array], config: Config, layout: Layout) -> Iterator[Match]:
        """The forms in use, the known wrong ones, and each form cut to whole numbers."""
        x = arrays["x"]
        curves = self.curves_of(config)
        with np.errstate(all="ignore"):
            for curve in curves:
                yield Match(curve.value(x), {"function": curve.words} if curve.words else {})
            for mistake, function in self.wrong_values:
                yield Match(function(x), {}, mistake)
            for curve in curves[:2]:
                yield Match(np.trunc(curve.value(x)), {"function": curve.words} if curve.words else {}, "whole numbers")

    def joint_mistakes(self, found: Sequence[tuple[Config, Match]]) -> Iterator[str]:
        """Whether the form stays the same, whatever setting is given."""
        other = [
            (given, seen)
            for config, match in found
            if config.get("slope") is not None and not match.mistake
            if (given := self.curves_of(config)[0].words) != (seen := match.convention.get("function"))
        ]
        if len({given for given, _ in other}) > 1 and len({seen for _, seen in other}) == 1:
            yield "setting ignored"

    def wrong_gradients(self, case: Case) -> Iterator[WrongGradient]:
        """The slips of this activation, then those that any activation may have."""
        words = self.convention_of(case).get("function", "")
        curves = self.curves_of(case.config)
        curve = next((curve for curve in curves if curve.words == words), curves[0])
        x = case.arrays["x"]
        if case.dy.shape == x.shape == case.y.shape:
            with np.errstate(all="ignore"):
                known = Pass(x, case.y, case.dy, curve.slope(x), curve)
                for mistake, gradient in self.slips:
                    yield WrongGradient(mistake, "x", gradient(known))
                for mistake, gradient in COMMON:
                    if mistake in self.common:
                        yield WrongGradient(mistake, "x", gradient(known))


def _derivative_of_output_at_input(p: Pass) -> Array:
    return p.dy * (p.curve.from_output or p.curve.slope)(p.x)


def _swapped_with_output(p: Pass) -> Array:
    return (p.curve.from_output or p.curve.slope)(p.dy) * p.y


def _whole_slope(p: Pass) -> Array:
    """What np.vectorize gives where the function returns the integer 1 for the first value."""
    return p.dy * (np.trunc(p.slope) if p.x.flat[0] > 0 else p.slope)


COMMON: tuple[Slip, ...] = (
    ("derivative left out", lambda p: p.dy),
    ("derivative applied twice", lambda p: p.dy * p.slope * p.slope),
    ("output's formula at the input", _derivative_of_output_at_input),
    ("input's formula at the output", lambda p: p.dy * p.curve.slope(p.y)),
    ("function for its derivative", lambda p: p.dy * p.y),
    ("arguments swapped", lambda p: p.curve.slope(p.dy) * p.x),
    ("arguments swapped", _swapped_with_output),
    ("upstream added", lambda p: p.dy + p.slope),
    ("derivative divides", lambda p: p.dy / np.where(p.slope == 0, np.nan, p.slope)),
    ("derivative in whole numbers", _whole_slope),
)

SMOOTH = (
    "derivative left out",
    "derivative applied twice",
    "output's formula at the input",
    "input's formula at the output",
    "function for its derivative",
    "arguments swapped",
    "upstream added",
    "derivative divides",
)

TEXTS: Mapping[str, Mistake] = {
    "whole numbers": Mistake(
        "is cut to whole numbers",
        "np.vectorize takes the type of all results from the first one: if the function returns the integer 0 there, "
        "every other value is cut to an integer. Return 0.0, or work on the whole array.",
    ),
    "derivative left out": Mistake(
        "is {dy} itself: the derivative is left out",
        "By the chain rule the upstream is multiplied by the derivative at each element. A mask that is true "
        "everywhere, such as {y} >= 0, leaves it out too.",
    ),
    "derivative applied twice": Mistake(
        "carries the derivative twice",
        "Multiply {dy} by the derivative once. If the layer before or the loss has done so already, leave it to one "
        "of the two.",
    ),
    "output's formula at the input": Mistake(
        "takes {x} for {y} in the formula of the derivative",
        "The derivative is written in terms of the result here, so it needs the result: keep {y} in the forward pass.",
    ),
    "input's formula at the output": Mistake(
        "takes the derivative at {y} where {x} belongs",
        "The derivative is that of the function at the value which forward was given; as written it applies the "
        "function once too often. Keep {x}, or write the derivative in terms of {y}.",
    ),
    "function for its derivative": Mistake(
        "is {dy} times {y}: the function stands where its derivative belongs",
        "The chain rule multiplies by the derivative, not by the value.",
    ),
    "arguments swapped": Mistake(
        "takes the derivative at {dy} and multiplies it by {x} or {y}: the two arguments are swapped",
        "The derivative depends on what forward was given, and is multiplied by the upstream.",
    ),
    "upstream added": Mistake(
        "is {dy} plus the derivative", "By the chain rule the two are multiplied, element by element."
    ),
    "derivative divides": Mistake(
        "is {dy} divided by the derivative", "By the chain rule the upstream is multiplied by the derivative."
    ),
    "derivative in whole numbers": Mistake(
        "is cut to whole numbers where the first value of {x} is positive",
        "np.vectorize takes the type of all results from the first one: if the derivative there is the integer 1, "
        "every other is cut to an integer. Return 1.0, or work on the whole array with np.where.",
    ),
    "mask inverted": Mistake(
        "lets {dy} through where {x} is negative: the mask is inverted",
        "Where {x} is positive the function is {x} itself, and the upstream passes.",
    ),
    "mask from dy": Mistake(
        "takes its mask from {dy}",
        "Whether the upstream passes depends on the sign of {x} at each element, which forward must keep.",
    ),
}


SETTING_IGNORED = Mistake(
    "is the same whatever setting is given", "The constructor or the function ignores an argument, such as a slope."
)


def catalogue(
    value: str, derivative: str, common: Sequence[str], more: Mapping[str, Mistake] | None = None
) -> dict[str, Mistake]:
    """The texts of an activation's common mistakes and its own, with its formulas: of the result, and of dx."""
    texts = {"whole numbers": replace(TEXTS["whole numbers"], formula=value)}
    texts |= {mistake: replace(TEXTS[mistake], formula=derivative) for mistake in common}
    return texts | {mistake: replace(text, formula=derivative) for mistake, text in (more or {}).items()}
