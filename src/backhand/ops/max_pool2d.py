"""The largest value in each window of an image, channel by channel.

    y[n, p, q, c]  = max_ij x[n, s p + i - t, s q + j - l, c]                    x is -∞ outside the image

    dx[n, u, v, c] = Σ dy[n, p, q, c]   over the windows p, q whose maximum is x[n, u, v, c]

Where several values of a window tie, the first of them, row by row, has the whole gradient, as in PyTorch: any share
is a subgradient, and one winner costs nothing. NaN counts as the largest: it is not hidden.
Source: Ranzato et al. 2007, CVPR. Derivation: docs/derivations/max_pool2d.md
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backhand.arrays import Array, Shape
from backhand.windows import Padding, Size, Windows, pooling_windows


class Cache(NamedTuple):
    """`winner` (N, H', W', C) counts the entries of the window row by row."""

    winner: NDArray[np.unsignedinteger]
    windows: Windows
    x_shape: Shape


def forward(x: Array, *, window: Size = 2, stride: Size | None = None, padding: Padding = 0) -> tuple[Array, Cache]:
    """x (N, H, W, C) -> y (N, H', W', C), where H' = (H + top + bottom - kh) // stride + 1, and W' likewise.

    window, stride: in pixels; one number, or (rows, columns). Unless a stride is given, it is the window's size.
    padding: as in `conv2d`; top and bottom are its rows.
    Raises ValueError where the window does not fit, or could stand on padding alone.
    """
    windows = pooling_windows(x.shape, window, stride, padding)
    padded = windows.pad(x, -np.inf)
    shape = len(x), *windows.places, x.shape[3]
    y = np.full(shape, -np.inf, x.dtype)
    winner = np.zeros(shape, np.min_scalar_type(windows.window[0] * windows.window[1] - 1))
    for entry, (_, met) in enumerate(windows.entries()):
        larger = padded[met] > y
        np.maximum(y, padded[met], out=y)
        np.maximum(winner, larger * winner.dtype.type(entry), out=winner)  # entries rise: the latest larger one
    return y, Cache(winner, windows, x.shape)


def backward(dy: Array, cache: Cache) -> tuple[Array]:
    """dy (N, H', W', C) -> dx (N, H, W, C)."""
    winner, windows, x_shape = cache
    padded = windows.canvas(x_shape, dy)
    for entry, (_, met) in enumerate(windows.entries()):
        padded[met] += dy * (winner == entry)
    return (windows.inside(padded),)
