"""Global average pooling, see `ops.global_avg_pool2d`: y = the mean of each channel over the pixels of an image."""

import numpy as np
from numba import prange

from backhand.arrays import Array, Shape
from backhand.kernels import buffers, jit
from backhand.kernels.kernel import Kernel


def forward(x: Array) -> tuple[Array, Shape]:
    """Compute what `ops.global_avg_pool2d.forward` does: x (N, H, W, C) -> y (N, C)."""
    N, H, W, C = x.shape
    y = buffers.empty((N, C))
    _forward(x.reshape(-1), H * W, y, jit.shards(x.size))
    return y, x.shape


def backward(dy: Array, x_shape: Shape) -> tuple[Array]:
    """Compute what `ops.global_avg_pool2d.backward` does: dy (N, C) -> dx (N, H, W, C)."""
    _, H, W, _ = x_shape
    dx = buffers.empty(x_shape)
    _backward(dy, H * W, dx.reshape(-1), jit.shards(dx.size))
    return (dx,)


@jit.helper
def _mean(x, y):
    """The mean of each channel over the pixels of an image, which are added four at a time."""
    C = y.size
    pixels = x.size // C
    y[:] = 0
    for pixel in range(0, pixels - 3, 4):
        four = x[pixel * C : (pixel + 4) * C].reshape(4, C)
        _add_four(four[0], four[1], four[2], four[3], y)
    for pixel in range(pixels - pixels % 4, pixels):
        one = x[pixel * C : (pixel + 1) * C]
        for c in range(C):
            y[c] += one[c]
    for c in range(C):
        y[c] /= np.float32(pixels)


@jit.helper
def _add_four(a, b, c, d, y):
    for i in range(y.size):
        y[i] += (a[i] + b[i]) + (c[i] + d[i])


@jit.kernel
def _forward(x, pixels, y, shards):
    N, C = y.shape
    image = pixels * C
    for shard in prange(shards):
        first, last = jit.share(shard, shards, N)
        for n in range(first, last):
            _mean(x[n * image : (n + 1) * image], y[n])


@jit.helper
def _spread(dy, dx):
    """Give every pixel of an image its share of the gradient."""
    C = dy.size
    count = np.float32(dx.size // C)
    for c in range(C):
        dx[c] = dy[c] / count
    for start in range(C, dx.size, C):
        dx[start : start + C] = dx[:C]


@jit.kernel
def _backward(dy, pixels, dx, shards):
    N, C = dy.shape
    image = pixels * C
    for shard in prange(shards):
        first, last = jit.share(shard, shards, N)
        for n in range(first, last):
            _spread(dy[n], dx[n * image : (n + 1) * image])


KERNEL = Kernel(forward, backward)
