"""Every value times the same fixed number.

    y = a x          dx = a dy          a = factor

Derivation: docs/derivations/scale.md
"""

from backhand.arrays import Array


def forward(x: Array, *, factor: float) -> tuple[Array, float]:
    """x of any shape -> y of that shape; the cache is the factor."""
    return x * x.dtype.type(factor), factor


def backward(dy: Array, factor: float) -> tuple[Array]:
    """dy -> dx, both of x's shape."""
    return (dy * dy.dtype.type(factor),)
