"""Global max-pooling, see `ops.global_max_pool2d`: y = max of the channel, and the first pixel that has it gets dy."""

from typing import NamedTuple

import numpy as np
from numba import prange
from numpy.typing import NDArray

from backhand.arrays import Array, Shape
from backhand.kernels import buffers, jit
from backhand.kernels.kernel import Kernel


class Cache(NamedTuple):
    """What backward needs: winner (N, C), int32, says which pixel of the image is the maximum."""

    winner: NDArray[np.int32]
    x_shape: Shape


def forward(x: Array) -> tuple[Array, Cache]:
    """Compute what `ops.global_max_pool2d.forward` does: x (N, H, W, C) -> y (N, C)."""
    N, H, W, C = x.shape
    y = buffers.empty((N, C))
    winner = buffers.empty((N, C), np.int32)
    _forward(x.reshape(-1), H * W, y, winner, jit.shards(x.size))
    return y, Cache(winner, x.shape)


def backward(dy: Array, cache: Cache) -> tuple[Array]:
    """Compute what `ops.global_max_pool2d.backward` does: dy (N, C) -> dx (N, H, W, C)."""
    _, H, W, _ = cache.x_shape
    dx = buffers.empty(cache.x_shape)
    _backward(dy, cache.winner, H * W, dx.reshape(-1), jit.shards(dx.size))
    return (dx,)


@jit.helper
def _maximum(x, y, winner):
    """The maximum of each channel over the pixels of an image, and the first pixel that has it."""
    C = y.size
    y[:] = x[:C]
    winner[:] = 0
    for pixel in range(1, x.size // C):
        _take(x[pixel * C : (pixel + 1) * C], pixel, y, winner)


@jit.helper
def _take(x, pixel, y, winner):
    """Where a value of this pixel, x, is larger than the best so far, it replaces that. NaN is the largest."""
    for c in range(y.size):
        better = (x[c] > y[c]) | ((x[c] != x[c]) & (y[c] == y[c]))
        y[c] = x[c] if better else y[c]
        winner[c] = np.int32(pixel) if better else winner[c]


@jit.kernel
def _forward(x, pixels, y, winner, shards):
    N, C = y.shape
    image = pixels * C
    for shard in prange(shards):
        first, last = jit.share(shard, shards, N)
        for n in range(first, last):
            _maximum(x[n * image : (n + 1) * image], y[n], winner[n])


@jit.helper
def _scatter(dy, winner, dx):
    """Give the gradient of each channel to the pixel that won it, and 0 to the others."""
    C = dy.size
    dx[:] = 0
    for c in range(C):
        dx[winner[c] * C + c] = dy[c]


@jit.kernel
def _backward(dy, winner, pixels, dx, shards):
    N, C = dy.shape
    image = pixels * C
    for shard in prange(shards):
        first, last = jit.share(shard, shards, N)
        for n in range(first, last):
            _scatter(dy[n], winner[n], dx[n * image : (n + 1) * image])


KERNEL = Kernel(forward, backward)
