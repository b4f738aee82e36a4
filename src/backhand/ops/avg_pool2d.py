"""The mean of each window of an image, channel by channel.

    y[n, p, q, c]  = 1/k Σ_ij x[n, s p + i - t, s q + j - l, c]                  x is 0 outside the image

    dx[n, u, v, c] = Σ dy[n, p, q, c] / k   over the windows p, q that see x[n, u, v, c]

k is the size of the window, kh kw; with `count_padding=False` the number of its entries that lie on the image.
Source: LeCun et al. 1998, Proc. IEEE 86. Derivation: docs/derivations/avg_pool2d.md
"""

from typing import NamedTuple

import numpy as np

from backhand.arrays import Array, Shape
from backhand.windows import Padding, Size, Windows, pooling_windows


class Cache(NamedTuple):
    """`share` (H', W', 1) is 1/k of each window."""

    share: Array
    windows: Windows
    x_shape: Shape


def forward(
    x: Array, *, window: Size = 2, stride: Size | None = None, padding: Padding = 0, count_padding: bool = True
) -> tuple[Array, Cache]:
    """x (N, H, W, C) -> y (N, H', W', C), where H' = (H + top + bottom - kh) // stride + 1, and W' likewise.

    window, stride: in pixels; one number, or (rows, columns). Unless a stride is given, it is the window's size.
    padding: as in `conv2d`; top and bottom are its rows.
    Raises ValueError where the window does not fit, or could stand on padding alone.
    """
    windows = pooling_windows(x.shape, window, stride, padding)
    image = np.ones((1, *windows.size, 1), x.dtype)
    share = 1 / _summed(windows.pad(image, float(count_padding)), windows)[0]
    return _summed(windows.pad(x), windows) * share, Cache(share, windows, x.shape)


def backward(dy: Array, cache: Cache) -> tuple[Array]:
    """dy (N, H', W', C) -> dx (N, H, W, C)."""
    share, windows, x_shape = cache
    each = dy * share
    padded = windows.canvas(x_shape, dy)
    for _, met in windows.entries():
        padded[met] += each
    return (windows.inside(padded),)


def _summed(padded: Array, windows: Windows) -> Array:
    return sum((padded[met] for _, met in windows.entries()), np.zeros((), padded.dtype))
