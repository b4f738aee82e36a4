"""The exponential linear unit: positive values pass, the others tend to -a.

    y = x where x > 0, else a (e^x - 1)            dx = dy where x > 0, else a e^x dy            a = alpha

At x = 0 the derivative is taken as a, the left one, as PyTorch takes it; for a = 1 there is no kink.
Source: Clevert, Unterthiner and Hochreiter 2016, arXiv:1511.07289. Derivation: docs/derivations/elu.md
"""

import numpy as np

from backhand.arrays import Array


def forward(x: Array, *, alpha: float = 1.0) -> tuple[Array, Array]:
    """x of any shape -> y of that shape; the cache is dy/dx, elementwise."""
    below = np.minimum(x, 0)  # the exponential of a large x would overflow, though nobody asked for it
    y = np.where(x > 0, x, x.dtype.type(alpha) * np.expm1(below))
    return y, np.where(x > 0, x.dtype.type(1), x.dtype.type(alpha) * np.exp(below))


def backward(dy: Array, derivative: Array) -> tuple[Array]:
    """dy -> dx, both of x's shape."""
    return (dy * derivative,)
