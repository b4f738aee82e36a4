"""Rectifier: see `ops.relu`. For where no other kernel has it built in."""

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
def _relu(x, y, parts):
    for part_ in prange(parts):
        part = np.int64(part_)
        start, stop = part * x.size // parts, (part + 1) * x.size // parts
        source, to = x[start:stop], y[start:stop]
        for i in range(source.size):
            to[i] = np.float32(0) if source[i] <= 0 else source[i]  # NaN stays


@jit.kernel
def _relu_backward(dy, y, dx, parts):
    for part_ in prange(parts):
        part = np.int64(part_)
        start, stop = part * dy.size // parts, (part + 1) * dy.size // parts
        source, out, to = dy[start:stop], y[start:stop], dx[start:stop]
        for i in range(source.size):
            to[i] = source[i] * (np.float32(1) if out[i] > 0 else np.float32(0))


def forward(x: Array) -> tuple[Array, Cache]:
    """As the reference."""
    y = buffers.empty(x.shape)
    _relu(x.reshape(-1), y.reshape(-1), jit.threads())
    return y, Cache(y)


def backward(dy: Array, cache: Cache) -> tuple[Array]:
    """As the reference."""
    dx = buffers.empty(dy.shape)
    _relu_backward(dy.reshape(-1), cache.y.reshape(-1), dx.reshape(-1), jit.threads())
    return (dx,)


KERNEL = Kernel(forward, backward)
