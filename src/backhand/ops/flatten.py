"""Each sample as one row.

    y (N, H W C) = x (N, H, W, C) read in memory order          dx = dy in x's shape

Derivation: docs/derivations/flatten.md
"""

from backhand.arrays import Array


def forward(x: Array) -> tuple[Array, tuple[int, ...]]:
    """x (N, ...) -> y (N, the product of the rest)."""
    return x.reshape(len(x), -1), x.shape


def backward(dy: Array, shape: tuple[int, ...]) -> tuple[Array]:
    """dy (N, F) -> dx of x's shape."""
    return (dy.reshape(shape),)
