"""The hyperbolic tangent of each value.

    y = tanh x               dx = dy (1 - y²)

Source: LeCun, Bottou, Orr and Müller 1998, "Efficient BackProp". Derivation: docs/derivations/tanh.md
"""

import numpy as np

from backhand.arrays import Array


def forward(x: Array) -> tuple[Array, Array]:
    """x of any shape -> y of that shape; the cache is y."""
    y = np.tanh(x)
    return y, y


def backward(dy: Array, y: Array) -> tuple[Array]:
    """dy -> dx, both of x's shape."""
    return (dy * (1 - y * y),)
