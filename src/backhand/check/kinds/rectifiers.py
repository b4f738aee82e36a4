"""The rectifiers: ReLU and its kin, which are x where x is positive."""

from functools import partial

import numpy as np

from backhand.arrays import Array
from backhand.check.kinds.elementwise import SETTING_IGNORED, Activation, Curve, Pass, Slip, catalogue, configs_of
from backhand.check.kinds.kind import Config, Mistake

SLOPES = (0.01, 0.1, 0.2, 0.3, 0.05, 0.001, 0.5, 0.25)
ALPHA, SCALE = 1.6732632423543772, 1.0507009873554805


def _leaky(a: float, x: Array) -> Array:
    return np.where(x > 0, x, a * x)


def _leaky_slope(a: float, x: Array) -> Array:
    return np.where(x > 0, 1.0, a)


def _elu(a: float, x: Array) -> Array:
    return np.where(x > 0, x, a * np.expm1(x))


def _elu_slope(a: float, x: Array) -> Array:
    return np.where(x > 0, 1.0, a * np.exp(x))


def _elu_slope_from_output(a: float, y: Array) -> Array:
    return np.where(y > 0, 1.0, y + a)


def _selu(a: float, s: float, x: Array) -> Array:
    return s * _elu(a, x)


def _selu_slope(a: float, s: float, x: Array) -> Array:
    return s * _elu_slope(a, x)


def _selu_slope_from_output(a: float, s: float, y: Array) -> Array:
    return np.where(y > 0, s, y + s * a)


def leaky_curve(a: float) -> Curve:
    """The leaky rectifier of one slope."""
    return Curve(f"slope {a:g}", partial(_leaky, a), partial(_leaky_slope, a))


def elu_curve(a: float) -> Curve:
    """The exponential linear unit of one alpha."""
    return Curve(f"alpha {a:g}", partial(_elu, a), partial(_elu_slope, a), partial(_elu_slope_from_output, a))


def selu_curve(a: float, s: float) -> Curve:
    """The scaled exponential linear unit of these two constants."""
    ways = (_selu, _selu_slope, _selu_slope_from_output)
    return Curve(f"alpha {a:.7g}, scale {s:.7g}", *(partial(way, a, s) for way in ways))


def _below(p: Pass) -> Array:
    """The slope that belongs to negative values, wherever x is."""
    return p.curve.slope(-np.abs(p.x))


RELU = ("derivative left out", "function for its derivative", "arguments swapped", "upstream added")
MASKED = ("mask inverted", "mask from dy")
LEAKY = (*RELU, "derivative applied twice", "derivative in whole numbers")
CURVED = (*RELU, "derivative applied twice", "output's formula at the input", "input's formula at the output")
MASKS: tuple[Slip, ...] = (
    ("mask inverted", lambda p: p.dy * (p.x <= 0)),
    ("mask from dy", lambda p: p.dy * p.curve.slope(p.dy)),
)


class ReLU(Activation):
    """The rectifier, which is max(x, 0)."""

    name, title, page = "relu", "ReLU", "relu.md"
    names = ("relu", "rectifier", "rectified linear", "rectified")
    curves = (Curve("", lambda x: np.maximum(x, 0), lambda x: (x > 0) * 1.0),)
    wrong_values = (
        ("negative values kept", lambda x: np.minimum(x, 0)),
        ("absolute value", np.abs),
        ("mask as result", lambda x: (x > 0) * 1.0),
    )
    slips = MASKS
    common = RELU
    mistakes = catalogue(
        "{y} = max({x}, 0)",
        "dx = {dy} where {x} > 0, and 0 elsewhere",
        (*RELU, *MASKED),
        {
            "negative values kept": Mistake("keeps the negative values", "It keeps what is positive; the rest is 0."),
            "absolute value": Mistake("is the absolute value of {x}", "Negative values become 0, not positive."),
            "mask as result": Mistake("is 1 where {x} is positive, where {x} itself belongs", "1 is the derivative."),
        },
    )


class LeakyReLU(Activation):
    """The leaky rectifier: x where it is positive, and a small multiple of it elsewhere."""

    name, title, page = "leaky_relu", "Leaky ReLU", "leaky_relu.md"
    names = ("leaky relu", "lrelu", "prelu", "parametric relu", "leaky")
    configurations = configs_of(0.1, 0.2)
    wrong_values = (("slope for positive values", lambda x: np.where(x > 0, 0.01 * x, x)),)
    slips = (
        *MASKS,
        ("slope forgotten", lambda p: p.dy * (p.x > 0)),
        ("slope without dy", lambda p: np.where(p.x > 0, p.dy, p.slope)),
        ("1 for dy", lambda p: np.where(p.x > 0, 1, p.dy * p.slope)),
        ("slope for positive values", lambda p: p.dy * p.curve.slope(-p.x)),
        ("slope times x", lambda p: np.where(p.x > 0, p.dy, p.dy * p.slope * p.x)),
        ("slope subtracted", lambda p: np.where(p.x > 0, p.dy, -p.dy * p.slope)),
    )
    common = LEAKY
    mistakes = catalogue(
        "{y} = {x} where {x} > 0, and slope · {x} elsewhere",
        "dx = {dy} where {x} > 0, and slope · {dy} elsewhere",
        (*LEAKY, *MASKED),
        {
            "setting ignored": SETTING_IGNORED,
            "slope forgotten": Mistake(
                "is 0 where {x} is negative: the slope is forgotten",
                "There the function falls with its small slope, so the upstream passes times that slope.",
            ),
            "slope without dy": Mistake(
                "is the slope itself where {x} is negative", "The slope multiplies the upstream."
            ),
            "1 for dy": Mistake("is 1 where {x} is positive", "There the derivative is 1, and 1 times {dy} is {dy}."),
            "slope for positive values": Mistake(
                "applies the slope where {x} is positive", "The small slope belongs to negative values."
            ),
            "slope times x": Mistake(
                "is multiplied by {x} where {x} is negative", "The derivative of slope · {x} is the slope alone."
            ),
            "slope subtracted": Mistake(
                "has the opposite sign where {x} is negative", "The slope is positive on both sides of 0."
            ),
        },
    )

    def curves_of(self, config: Config) -> tuple[Curve, ...]:
        """The slope that was asked for, then those in use."""
        slopes = dict.fromkeys([config.get("slope", 0.01), *SLOPES])
        return tuple(leaky_curve(a) for a in slopes)


class ELU(Activation):
    """The exponential linear unit: alpha (exp(x) - 1) where x is negative."""

    name, title, page = "elu", "ELU", "elu.md"
    names = ("elu", "exponential linear")
    configurations = configs_of(0.7, 1.0, 1.3)
    wrong_values = (
        ("1 for x", lambda x: np.where(x > 0, 1, np.expm1(x))),
        ("1 not subtracted", lambda x: np.where(x > 0, x, np.exp(x))),
    )
    slips = (
        *MASKS,
        ("x for 1", lambda p: np.where(p.x > 0, p.dy * p.x, p.dy * p.slope)),
        ("alpha not added", lambda p: np.where(p.x > 0, p.dy, p.dy * p.y)),
        ("alpha forgotten", lambda p: np.where(p.x > 0, p.dy, p.dy * np.exp(p.x))),
        ("1 added for alpha", lambda p: np.where(p.x > 0, p.dy, p.dy * (p.y + 1))),
        ("mask only", lambda p: p.dy * (p.x > 0)),
        ("1 for dy", lambda p: np.where(p.x > 0, 1, p.dy * p.slope)),
        ("alpha for the derivative", lambda p: np.where(p.x > 0, p.dy, p.dy * _below(p) / np.exp(-np.abs(p.x)))),
    )
    common = (*CURVED, "derivative in whole numbers")
    mistakes = catalogue(
        "{y} = {x} where {x} > 0, and α (exp({x}) − 1) elsewhere",
        "dx = {dy} where {x} > 0, and {dy} · α exp({x}) = {dy} · ({y} + α) elsewhere",
        (*common, *MASKED),
        {
            "setting ignored": SETTING_IGNORED,
            "1 for x": Mistake("is 1 where {x} is positive", "There the function is {x}; 1 is its derivative."),
            "1 not subtracted": Mistake("jumps at 0: the 1 is not subtracted", "Both sides meet in 0."),
            "x for 1": Mistake(
                "is multiplied by {x} where {x} is positive", "There the derivative is 1; {x} is the function itself."
            ),
            "alpha not added": Mistake(
                "takes {y} for the derivative where {x} is negative",
                "The derivative of α (exp({x}) − 1) is α exp({x}), which is {y} + α.",
            ),
            "alpha forgotten": Mistake("leaves α out where {x} is negative", "The factor α stays in the derivative."),
            "1 added for alpha": Mistake(
                "adds 1 to {y} where {x} is negative, where α belongs",
                "{y} + α is the derivative there; only for α = 1 are the two the same.",
            ),
            "mask only": Mistake("is 0 where {x} is negative", "That is ReLU's; here the function has a slope there."),
            "1 for dy": Mistake("is 1 where {x} is positive", "There the derivative is 1, and 1 times {dy} is {dy}."),
            "alpha for the derivative": Mistake(
                "takes α for the derivative where {x} is negative", "The factor exp({x}) stays when one differentiates."
            ),
        },
    )

    def curves_of(self, config: Config) -> tuple[Curve, ...]:
        """The alpha that was asked for, then those in use."""
        alphas = dict.fromkeys([config.get("slope", 1.0), 1.0, *SLOPES, 1.67326, 2.0])
        return tuple(elu_curve(a) for a in alphas)


class SELU(Activation):
    """The scaled exponential linear unit."""

    name, title = "selu", "SELU"
    names = ("selu", "scaled elu")
    curves = tuple(
        selu_curve(a, s)
        for a, s in ((ALPHA, SCALE), (1.6733, 1.0507), (1.67326, 1.0507), (1.673, 1.051), (1.67326324, 1.05070098))
    )
    wrong_values = (("scale left out", lambda x: _elu(ALPHA, x)),)
    slips = (
        *MASKS,
        ("scale left out", lambda p: p.dy * p.slope / p.curve.slope(np.ones_like(p.x))),
        ("scale only below 0", lambda p: np.where(p.x > 0, p.dy, p.dy * p.slope)),
        ("output for derivative", lambda p: np.where(p.x > 0, p.dy * p.slope, p.dy * p.y)),
    )
    common = CURVED
    mistakes = catalogue(
        "{y} = λ {x} where {x} > 0, and λ α (exp({x}) − 1) elsewhere",
        "dx = λ {dy} where {x} > 0, and λ α exp({x}) {dy} elsewhere",
        (*CURVED, *MASKED),
        {
            "scale left out": Mistake("leaves the scale λ out", "λ multiplies both sides of 0."),
            "scale only below 0": Mistake("leaves λ out where {x} is positive", "λ multiplies both sides of 0."),
            "output for derivative": Mistake(
                "takes {y} for the derivative where {x} is negative", "The derivative there is λ α exp({x})."
            ),
        },
    )
