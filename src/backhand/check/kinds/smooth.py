"""Smooth activations, such as the logistic function and tanh."""

from math import erf

import numpy as np

from backhand.arrays import Array
from backhand.check.kinds.elementwise import SMOOTH, Activation, Curve, catalogue
from backhand.check.kinds.kind import Mistake

_normal = np.vectorize(lambda x: 0.5 * (1 + erf(x / 2**0.5)), otypes=[np.float64])


def expit(x: Array) -> Array:
    """The logistic function, exact for large values of either sign."""
    return np.exp(-np.logaddexp(0, -x))


def normal_distribution(x: Array) -> Array:
    """The distribution function of the standard normal distribution."""
    return np.asarray(_normal(x), np.float64)


def _density(x: Array) -> Array:
    return np.exp(-x * x / 2) / np.sqrt(2 * np.pi)


def _expit_slope(x: Array) -> Array:
    return expit(x) * (1 - expit(x))


def _swish_slope(x: Array) -> Array:
    return expit(x) + x * _expit_slope(x)


def _gelu_slope(x: Array) -> Array:
    return normal_distribution(x) + x * _density(x)


def _gelu_by_tanh(x: Array) -> Array:
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def _gelu_by_tanh_slope(x: Array) -> Array:
    t = np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * x * x)


PRODUCT = tuple(name for name in SMOOTH if name != "output's formula at the input")
OWN_NAME = tuple(name for name in SMOOTH if name != "function for its derivative")


class Sigmoid(Activation):
    """The logistic function, 1 / (1 + exp(-x))."""

    name, title, page = "sigmoid", "Sigmoid", "sigmoid.md"
    names = ("sigmoid", "logistic", "sigmoidal", "sigm", "logsig", "nonlin")
    curves = (Curve("", expit, _expit_slope, lambda y: y * (1 - y)),)
    wrong_values = (("sign of x", lambda x: expit(-x)), ("exp of x over 1", lambda x: 1 / (1 + np.exp(-x * x))))
    slips = (
        ("1 - y missing", lambda p: p.dy * p.y),
        ("y missing", lambda p: p.dy * (1 - p.y)),
        ("plus for minus", lambda p: p.dy * p.y * (1 + p.y)),
        ("square of the output", lambda p: p.dy * (1 - p.y * p.y)),
    )
    common = OWN_NAME
    mistakes = catalogue(
        "{y} = 1 / (1 + exp(−{x}))",
        "dx = {dy} · {y} · (1 − {y})",
        common,
        {
            "sign of x": Mistake("falls where {x} rises: the minus in exp(−{x}) is missing", "It rises from 0 to 1."),
            "exp of x over 1": Mistake("takes the square of {x} in the exponent", "The exponent is −{x}."),
            "1 - y missing": Mistake("lacks the factor 1 − {y}", "The derivative is {y} times 1 − {y}."),
            "y missing": Mistake("lacks the factor {y}", "The derivative is {y} times 1 − {y}."),
            "plus for minus": Mistake("has 1 + {y} for 1 − {y}", "The derivative goes to 0 where {y} goes to 1."),
            "square of the output": Mistake("is that of tanh, 1 − {y}²", "For the logistic function it is {y} − {y}²."),
        },
    )


class Tanh(Activation):
    """The hyperbolic tangent of each value."""

    name, title, page = "tanh", "Tanh", "tanh.md"
    names = ("tanh", "hyperbolic tangent", "tan h")
    curves = (
        Curve("", np.tanh, lambda x: 1 - np.tanh(x) ** 2, lambda y: 1 - y * y),
        Curve(
            "1.7159 tanh(2/3 x)",
            lambda x: 1.7159 * np.tanh(2 / 3 * x),
            lambda x: 1.7159 * 2 / 3 * (1 - np.tanh(2 / 3 * x) ** 2),
        ),
    )
    wrong_values = (("tangent", np.tan), ("sinh", np.sinh), ("half the argument", lambda x: np.tanh(x / 2)))
    slips = (
        ("square missing", lambda p: p.dy * (1 - p.y)),
        ("plus for minus", lambda p: p.dy * (1 + p.y * p.y)),
        ("1 missing", lambda p: -p.dy * p.y * p.y),
        ("derivative of the logistic function", lambda p: p.dy * p.y * (1 - p.y)),
        ("upstream inside", lambda p: 1 - (p.y * p.dy) ** 2),
        ("product taken first", lambda p: p.dy - p.y * p.y),
    )
    common = SMOOTH
    mistakes = catalogue(
        "{y} = tanh({x})",
        "dx = {dy} · (1 − {y}²)",
        common,
        {
            "tangent": Mistake("is tan({x}), the tangent of an angle", "np.tanh is the hyperbolic tangent."),
            "sinh": Mistake("is sinh({x})", "It must be divided by cosh({x})."),
            "half the argument": Mistake(
                "is tanh({x} / 2)",
                "(exp(x) − exp(−x)) / (exp(x) + exp(−x)) is tanh(x); with 1 for one of them it is not.",
            ),
            "square missing": Mistake("has 1 − {y} for 1 − {y}²", "The derivative is 1 − tanh²."),
            "plus for minus": Mistake("has 1 + {y}² for 1 − {y}²", "The derivative goes to 0 where {y} goes to ±1."),
            "1 missing": Mistake("lacks the 1 of 1 − {y}²", "At {x} = 0 the derivative is 1."),
            "derivative of the logistic function": Mistake(
                "is that of the logistic function, {y} (1 − {y})", "For tanh it is 1 − {y}²."
            ),
            "upstream inside": Mistake("has {dy} inside the square", "{dy} multiplies the derivative as a whole."),
            "product taken first": Mistake(
                "is {dy} · 1 − {y}²: parentheses are missing", "{dy} multiplies the difference as a whole."
            ),
        },
    )


PRODUCT_RULE = Mistake(
    "lacks one of the two terms of the product rule",
    "{x} stands before the function and inside it, so the derivative has a term for each.",
)


class Softplus(Activation):
    """The softplus, log(1 + exp(x))."""

    name, title = "softplus", "Softplus"
    names = ("softplus", "soft plus")
    curves = (Curve("", lambda x: np.logaddexp(0, x), expit, lambda y: -np.expm1(-y)),)
    slips = (("derivative of the logistic function", lambda p: p.dy * _expit_slope(p.x)),)
    common = SMOOTH
    mistakes = catalogue(
        "{y} = log(1 + exp({x}))",
        "dx = {dy} / (1 + exp(−{x}))",
        common,
        {
            "derivative of the logistic function": Mistake(
                "is the second derivative, y (1 − y) of the logistic function", "The first is the logistic function."
            )
        },
    )


class Swish(Activation):
    """x times the logistic function of x, also called SiLU."""

    name, title = "swish", "Swish"
    names = ("swish", "silu")
    curves = (Curve("", lambda x: x * expit(x), _swish_slope),)
    slips = (
        ("product rule", lambda p: p.dy * expit(p.x)),
        ("product rule", lambda p: p.dy * p.x * _expit_slope(p.x)),
        ("factor x missing", lambda p: p.dy * (expit(p.x) + _expit_slope(p.x))),
    )
    common = PRODUCT
    mistakes = catalogue(
        "{y} = {x} · s({x}) with s the logistic function",
        "dx = {dy} · (s + {x} s (1 − s))",
        common,
        {
            "product rule": PRODUCT_RULE,
            "factor x missing": Mistake("lacks the factor {x} in its second term", "The term is {x} · s′({x})."),
        },
    )


class GELU(Activation):
    """x times the normal distribution function of x, exact or by the tangent."""

    name, title = "gelu", "GELU"
    names = ("gelu",)
    curves = (
        Curve("exact", lambda x: x * normal_distribution(x), _gelu_slope),
        Curve("by tanh", _gelu_by_tanh, _gelu_by_tanh_slope),
        Curve(
            "by the logistic function",
            lambda x: x * expit(1.702 * x),
            lambda x: expit(1.702 * x) + 1.702 * x * _expit_slope(1.702 * x),
        ),
    )
    slips = (
        ("product rule", lambda p: p.dy * p.y / p.x),
        ("product rule", lambda p: p.dy * (p.slope - p.y / p.x)),
        ("factor x missing", lambda p: p.dy * (p.y / p.x + (p.slope - p.y / p.x) / p.x)),
    )
    common = PRODUCT
    mistakes = catalogue(
        "{y} = {x} · Φ({x}) with Φ the normal distribution function",
        "dx = {dy} · (Φ({x}) + {x} · φ({x})) with φ the density, exp(−{x}²/2) / √(2π)",
        common,
        {
            "product rule": PRODUCT_RULE,
            "factor x missing": Mistake("lacks the factor {x} in its second term", "The term is {x} · φ({x})."),
        },
    )
