"""Smooth activations, whose forward pass leaves the derivative to the backward pass."""

from typing import Any

from numba import prange

from backhand.arrays import Array
from backhand.kernels import buffers, jit
from backhand.kernels.kernel import Kernel
from backhand.kernels.simd import W, flush_denormals, restore_denormals

FLOAT = 4  # bytes


def activation(vector: Any) -> Kernel:
    """The kernel of an activation, from what writes y and dy/dx of a vector: see `simd.exponential`."""

    @jit.kernel
    def values_and_slopes(x, y, slopes, shards):
        for shard in prange(shards):
            old = flush_denormals()
            first, last = jit.share(shard, shards, x.size)
            for i in range(first, last, W):
                at = FLOAT * i
                vector(y.ctypes.data + at, slopes.ctypes.data + at, x.ctypes.data + at, last - i)
            restore_denormals(old)

    def forward(x: Array) -> tuple[Array, Array]:
        y, slopes = buffers.empty(x.shape), buffers.empty(x.shape)
        values_and_slopes(x.reshape(-1), y.reshape(-1), slopes.reshape(-1), jit.shards(3 * x.size))
        return y, slopes

    return Kernel(forward, backward)


def backward(dy: Array, slopes: Array) -> tuple[Array]:
    """The gradient dx = dy · dy/dx."""
    dx = buffers.empty(dy.shape)
    _multiply(dy.reshape(-1), slopes.reshape(-1), dx.reshape(-1), jit.shards(3 * dy.size))
    return (dx,)


@jit.kernel
def _multiply(a, b, products, shards):
    for shard in prange(shards):
        start, stop = jit.share(shard, shards, a.size)
        first, second, results = a[start:stop], b[start:stop], products[start:stop]
        for i in range(first.size):
            results[i] = first[i] * second[i]
