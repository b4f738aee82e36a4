"""The logistic sigmoid of each value.

    y = 1 / (1 + e^-x)       dx = dy y (1 - y)

Written with e^-|x|, so that no x overflows: y = 1 / (1 + e) for x >= 0 and e / (1 + e) below.
Source: Rumelhart, Hinton and Williams 1986, Nature 323. Derivation: docs/derivations/sigmoid.md
"""

import numpy as np

from backhand.arrays import Array


def forward(x: Array) -> tuple[Array, Array]:
    """x of any shape -> y of that shape; the cache is y."""
    e = np.exp(-np.abs(x))
    y = np.where(x >= 0, x.dtype.type(1), e) / (1 + e)
    return y, y


def backward(dy: Array, y: Array) -> tuple[Array]:
    """dy -> dx, both of x's shape."""
    return (dy * y * (1 - y),)
