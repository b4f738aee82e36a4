"""Weight initialisers: equal seeds give equal weights.

    he        N(0, 2 / fan_in)                            for ReLU: He et al. 2015, arXiv:1502.01852
    glorot    U(-a, a), a = sqrt(6 / (fan_in + fan_out))  for tanh, sigmoid: Glorot and Bengio 2010, AISTATS
    lecun     N(0, 1 / fan_in)                            LeCun et al. 1998, "Efficient BackProp"
    normal    N(0, std²), std given                       zeros    all 0
    dirac     1 from input i to output i, at the middle of the kernel, and else 0: Zagoruyko and Komodakis 2017,
              arXiv:1706.00388; outputs beyond the inputs as in he

fan_in is the number of values that a unit sums, fan_out the number of units that a value feeds.
"""

from collections.abc import Callable
from math import prod

import numpy as np

from backhand.arrays import Array, Shape
from backhand.errors import closest

Initialiser = Callable[[Shape, np.random.Generator], Array]


def he(shape: Shape, rng: np.random.Generator) -> Array:
    """A normal distribution with variance 2 / fan_in."""
    return rng.standard_normal(shape) * (2 / fans(shape)[0]) ** 0.5


def glorot(shape: Shape, rng: np.random.Generator) -> Array:
    """A uniform distribution with variance 2 / (fan_in + fan_out)."""
    return rng.uniform(-1, 1, shape) * (6 / sum(fans(shape))) ** 0.5


def lecun(shape: Shape, rng: np.random.Generator) -> Array:
    """A normal distribution with variance 1 / fan_in."""
    return rng.standard_normal(shape) * (1 / fans(shape)[0]) ** 0.5


def normal(std: float) -> Initialiser:
    """A normal distribution with this standard deviation, whatever the fans."""
    return lambda shape, rng: rng.standard_normal(shape) * std


def zeros(shape: Shape, rng: np.random.Generator) -> Array:  # noqa: ARG001 (every initialiser takes both)
    """All 0: for biases, or to show why weights must not start equal."""
    return np.zeros(shape)


def dirac(shape: Shape, rng: np.random.Generator) -> Array:
    """Each input passes to the output of its number unchanged; further outputs are drawn as by `he`."""
    *kernel, inputs, outputs = shape
    w, passed = he(shape, rng), np.arange(min(inputs, outputs))
    w[..., passed] = 0
    w[tuple((size - 1) // 2 for size in kernel)][passed, passed] = 1
    return w


NAMED: dict[str, Initialiser] = {"he": he, "glorot": glorot, "lecun": lecun, "zeros": zeros, "dirac": dirac}


def initialiser(init: str | float) -> Initialiser:
    """The initialiser of this name, or for a number the normal one with this standard deviation.

    Raises ValueError for an unknown name and for a number that is not above 0.
    """
    if isinstance(init, str):
        if init not in NAMED:
            raise ValueError(f'unknown initialiser "{init}"{closest(init, NAMED)}')
        return NAMED[init]
    if not init > 0:
        raise ValueError(f"the standard deviation of the initial weights must be above 0, not {init}")
    return normal(init)


def fans(shape: Shape) -> tuple[int, int]:
    """(fan_in, fan_out) of a weight (..., I, O): the leading axes are a kernel's rows and columns."""
    *kernel, inputs, outputs = shape
    return prod(kernel) * inputs, prod(kernel) * outputs
