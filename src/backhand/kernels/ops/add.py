"""The sum of two branches, see `ops.add`: y = a + b, whose gradient is dy for both."""

import numpy as np
from numba import prange

from backhand.arrays import Array
from backhand.kernels import buffers, jit
from backhand.kernels.kernel import Kernel
from backhand.ops import add as reference


def forward(a: Array, b: Array, *, relu: bool = False) -> tuple[Array, Array | None]:
    """Compute what `ops.add.forward` does; with `relu`, max(y, 0), and the cache is y, which has the mask."""
    reference.check(a, b)
    y = buffers.empty(a.shape)
    _add(a.reshape(-1), b.reshape(-1), relu, y.reshape(-1), jit.shards(3 * y.size))
    return y, y if relu else None


def backward(dy: Array, cache: Array | None) -> tuple[Array, Array]:
    """The gradients of both branches, which are one and the same array."""
    if cache is None:
        return dy, dy
    dx = buffers.empty(dy.shape)
    _mask(dy.reshape(-1), cache.reshape(-1), dx.reshape(-1), jit.shards(3 * dx.size))
    return dx, dx


@jit.helper
def _sum(a, b, relu, y):
    low = np.float32(0 if relu else -np.inf)
    for i in range(y.size):
        v = a[i] + b[i]
        y[i] = low if v < low else v  # NaN stays NaN


@jit.kernel
def _add(a, b, relu, y, shards):
    for shard in prange(shards):
        first, last = jit.share(shard, shards, y.size)
        _sum(a[first:last], b[first:last], relu, y[first:last])


@jit.helper
def _where(dy, y, dx):
    for i in range(dx.size):
        g = dy[i]
        dx[i] = g if y[i] > 0 else np.float32(0)


@jit.kernel
def _mask(dy, y, dx, shards):
    for shard in prange(shards):
        first, last = jit.share(shard, shards, dx.size)
        _where(dy[first:last], y[first:last], dx[first:last])


KERNEL = Kernel(forward, backward)
