"""The mean of each channel over the whole image.

    y[n, c] = 1/(H W) Σ_uv x[n, u, v, c]                dx[n, u, v, c] = dy[n, c] / (H W)

Source: Lin, Chen and Yan 2014, arXiv:1312.4400. Derivation: docs/derivations/global_avg_pool2d.md
"""

import numpy as np

from backhand.arrays import Array, Shape


def forward(x: Array) -> tuple[Array, Shape]:
    """x (N, H, W, C) -> y (N, C); the cache is x's shape."""
    return x.mean((1, 2)), x.shape


def backward(dy: Array, x_shape: Shape) -> tuple[Array]:
    """dy (N, C) -> dx (N, H, W, C)."""
    dx = np.empty(x_shape, dy.dtype)
    dx[...] = (dy / dy.dtype.type(x_shape[1] * x_shape[2]))[:, None, None]
    return (dx,)
