"""The identity, and other functions of one element that people differentiate."""

import numpy as np

from backhand.arrays import Array
from backhand.check.kinds.elementwise import SMOOTH, Activation, Curve, Pass, catalogue
from backhand.check.kinds.kind import Mistake
from backhand.check.kinds.smooth import expit

OTHER = tuple(name for name in SMOOTH if name not in ("output's formula at the input", "derivative divides"))


def _mish_slope(x: Array) -> Array:
    t = np.tanh(np.logaddexp(0, x))
    return t + x * (1 - t * t) * expit(x)


class Identity(Activation):
    """The identity, which some files call a linear activation."""

    name, title = "identity", "Identity"
    names = ("identity", "no activation", "linear")
    curves = (Curve("", lambda x: x, np.ones_like),)
    common = ("function for its derivative", "upstream added")
    mistakes = catalogue("{y} = {x}", "dx = {dy}", common)


def _sign_slope(p: Pass) -> Array:
    return p.dy * p.x


class OtherFunction(Activation):
    """Functions that some files differentiate beside the usual activations."""

    name, title = "function", "Function"
    names = ("exp", "square", "sin", "cos", "abs", "softsign", "arctan", "gaussian", "hard sigmoid", "mish", "sqrt")
    curves = (
        Curve("exp", np.exp, np.exp, lambda y: y),
        Curve("square", np.square, lambda x: 2 * x),
        Curve("sine", np.sin, np.cos),
        Curve("cosine", np.cos, lambda x: -np.sin(x)),
        Curve("absolute value", np.abs, np.sign),
        Curve("softsign", lambda x: x / (1 + np.abs(x)), lambda x: 1 / (1 + np.abs(x)) ** 2),
        Curve("arc tangent", np.arctan, lambda x: 1 / (1 + x * x)),
        Curve("Gaussian", lambda x: np.exp(-x * x), lambda x: -2 * x * np.exp(-x * x)),
        Curve("hard tanh", lambda x: np.clip(x, -1, 1), lambda x: (np.abs(x) < 1) * 1.0),
        Curve("ReLU6", lambda x: np.clip(x, 0, 6), lambda x: ((x > 0) & (x < 6)) * 1.0),
        Curve("hard sigmoid", lambda x: np.clip(0.2 * x + 0.5, 0, 1), lambda x: (np.abs(x) < 2.5) * 0.2),
        Curve("mish", lambda x: x * np.tanh(np.logaddexp(0, x)), _mish_slope),
        Curve(
            "root of the absolute value", lambda x: np.sqrt(np.abs(x)), lambda x: np.sign(x) / 2 / np.sqrt(np.abs(x))
        ),
    )
    slips = (("factor 2 missing", _sign_slope),)
    common = OTHER
    mistakes = catalogue(
        "{y} is the function of each element of {x}",
        "dx = {dy} · f′({x})",
        common,
        {"factor 2 missing": Mistake("is {dy} times {x}", "The derivative of the square is 2 {x}.")},
    )
