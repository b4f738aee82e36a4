"""Swish, the sigmoid linear unit: smooth, and not monotone.

    y = x σ(x), with σ(x) = 1 / (1 + e^-x)         dx = dy (y + σ(x) (1 - y))

Source: Ramachandran, Zoph and Le 2017, arXiv:1710.05941. Derivation: derivations/swish.md
"""

from backhand.arrays import Array
from backhand.ops import sigmoid


def forward(x: Array) -> tuple[Array, Array]:
    """x of any shape -> y of that shape; the cache is x."""
    return x * sigmoid.forward(x)[0], x


def backward(dy: Array, x: Array) -> tuple[Array]:
    """dy -> dx, both of x's shape."""
    s = sigmoid.forward(x)[0]
    return (dy * (x * s + s * (1 - x * s)),)
