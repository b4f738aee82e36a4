"""The leaky rectifier: positive values pass, the others are multiplied by a small slope.

    y = x where x > 0, else a x            dx = dy where x > 0, else a dy            a = slope

At the kink x = 0 the derivative is taken as a, the left one, as PyTorch takes it.
Source: Maas, Hannun and Ng 2013, ICML workshop. Derivation: docs/derivations/leaky_relu.md
"""

import numpy as np

from backhand.arrays import Array


def forward(x: Array, *, slope: float = 0.01) -> tuple[Array, Array]:
    """x of any shape -> y of that shape; the cache is dy/dx, elementwise."""
    derivative = np.where(x > 0, x.dtype.type(1), x.dtype.type(slope))
    return x * derivative, derivative


def backward(dy: Array, derivative: Array) -> tuple[Array]:
    """dy -> dx, both of x's shape."""
    return (dy * derivative,)
