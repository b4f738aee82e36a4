"""Global average pooling: see `ops.global_avg_pool2d`."""

import numpy as np
from numba import prange

from backhand.arrays import Array, Shape
from backhand.kernels import buffers, jit
from backhand.kernels.kernel import Kernel


def forward(x: Array) -> tuple[Array, Shape]:
    """As the reference."""
    N, H, W, C = x.shape
    y = buffers.empty((N, C))
    _forward(x.reshape(-1), H * W, y, jit.threads())
    return y, x.shape


def backward(dy: Array, x_shape: Shape) -> tuple[Array]:
    """As the reference."""
    _, H, W, _ = x_shape
    dx = buffers.empty(x_shape)
    _backward(dy, H * W, dx.reshape(-1), jit.threads())
    return (dx,)


@jit.helper
def _mean(x, y):
    """Of pixels one behind the other, four at a time."""
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
def _forward(x, pixels, y, parts):
    N, C = y.shape
    image = pixels * C
    for part_ in prange(parts):
        part = np.int64(part_)
        for n in range(part * N // parts, (part + 1) * N // parts):
            _mean(x[n * image : (n + 1) * image], y[n])


@jit.helper
def _spread(dy, dx):
    """Its share to every pixel."""
    C = dy.size
    count = np.float32(dx.size // C)
    for c in range(C):
        dx[c] = dy[c] / count
    for start in range(C, dx.size, C):
        dx[start : start + C] = dx[:C]


@jit.kernel
def _backward(dy, pixels, dx, parts):
    N, C = dy.shape
    image = pixels * C
    for part_ in prange(parts):
        part = np.int64(part_)
        for n in range(part * N // parts, (part + 1) * N // parts):
            _spread(dy[n], dx[n * image : (n + 1) * image])


KERNEL = Kernel(forward, backward)
