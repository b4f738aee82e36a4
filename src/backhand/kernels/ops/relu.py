"""The rectifier, see `ops.relu`: max(x, 0), where no other kernel computes it in the same pass."""

from typing import NamedTuple

import numpy as np
from numba import prange

from backhand.arrays import Array
from backhand.kernels import buffers, jit
from backhand.kernels.kernel import Kernel


class Cache(NamedTuple):
    """What backward needs: y, which the next op holds anyway, is above 0 where x is."""

    y: Array


@jit.kernel
def _relu(x, y, shards):
    for shard in prange(shards):
        start, stop = jit.share(shard, shards, x.size)
        values, results = x[start:stop], y[start:stop]
        for i in range(values.size):
            results[i] = np.float32(0) if values[i] <= 0 else values[i]  # NaN stays


@jit.kernel
def _relu_backward(dy, y, dx, shards):
    for shard in prange(shards):
        start, stop = jit.share(shard, shards, dy.size)
        upstream, outputs, results = dy[start:stop], y[start:stop], dx[start:stop]
        for i in range(upstream.size):
            results[i] = upstream[i] * (np.float32(1) if outputs[i] > 0 else np.float32(0))


def forward(x: Array) -> tuple[Array, Cache]:
    """Compute what `ops.relu.forward` does: max(x, 0)."""
    y = buffers.empty(x.shape)
    _relu(x.reshape(-1), y.reshape(-1), jit.shards(2 * y.size))
    return y, Cache(y)


def backward(dy: Array, cache: Cache) -> tuple[Array]:
    """Compute what `ops.relu.backward` does: dy where y > 0."""
    dx = buffers.empty(dy.shape)
    _relu_backward(dy.reshape(-1), cache.y.reshape(-1), dx.reshape(-1), jit.shards(3 * dx.size))
    return (dx,)


KERNEL = Kernel(forward, backward)
