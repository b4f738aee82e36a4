"""The largest value of each channel over the whole image.

    y[n, c] = max_uv x[n, u, v, c]                dx[n, u, v, c] = dy[n, c]   if x[n, u, v, c] is the maximum, else 0

Where several values of a channel tie, the first of them, row by row, has the whole gradient, as in `max_pool2d`. NaN
counts as the largest: it is not hidden.
Source: Oquab et al. 2015, CVPR. Derivation: docs/derivations/global_max_pool2d.md
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backhand.arrays import Array, Shape


class Cache(NamedTuple):
    """`winner` (N, C) counts the pixels of the image row by row."""

    winner: NDArray[np.integer]
    x_shape: Shape


def forward(x: Array) -> tuple[Array, Cache]:
    """x (N, H, W, C) -> y (N, C)."""
    N, H, W, C = x.shape
    pixels = x.reshape(N, H * W, C)
    winner = pixels.argmax(1)  # of equal values the first; NaN is the largest
    return np.take_along_axis(pixels, winner[:, None], 1)[:, 0], Cache(winner, x.shape)


def backward(dy: Array, cache: Cache) -> tuple[Array]:
    """dy (N, C) -> dx (N, H, W, C)."""
    N, H, W, C = cache.x_shape
    dx = np.zeros((N, H * W, C), dy.dtype)
    np.put_along_axis(dx, cache.winner[:, None], dy[:, None], 1)
    return (dx.reshape(cache.x_shape),)
