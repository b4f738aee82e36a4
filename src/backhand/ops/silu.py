"""The sigmoid linear unit, also called swish: each value times the sigmoid of it.

    y = x s         dx = dy (s + y (1 - s))         s = 1 / (1 + e^-x)

Written with e^-|x|, so that no x overflows: s = 1 / (1 + e) for x >= 0 and e / (1 + e) below.
Source: Elfwing, Uchibe and Doya 2018, Neural Networks 107; Ramachandran, Zoph and Le 2017, arXiv:1710.05941.
Derivation: docs/derivations/silu.md
"""

import numpy as np

from backhand.arrays import Array


def forward(x: Array) -> tuple[Array, Array]:
    """x of any shape -> y of that shape; the cache is dy/dx, elementwise."""
    e = np.exp(-np.abs(x))
    s, rest = np.where(x >= 0, x.dtype.type(1), e) / (1 + e), np.where(x >= 0, e, x.dtype.type(1)) / (1 + e)
    y = x * s
    return y, s + y * rest


def backward(dy: Array, derivative: Array) -> tuple[Array]:
    """dy -> dx, both of x's shape."""
    return (dy * derivative,)
