"""Dropout, see `ops.dropout`: y = x scale where the hash of the key and the position says so, else 0.

No mask is stored: backward hashes the key again, which costs less than reading a mask from memory.
"""

from typing import NamedTuple

import numpy as np
from numba import prange

from backhand.arrays import Array
from backhand.kernels import buffers, jit
from backhand.kernels.kernel import Kernel
from backhand.ops import dropout as reference


class Cache(NamedTuple):
    """What backward computes the mask and the scale from; at inference there is no key, and y is x."""

    key: int | None
    first: int
    p: float
    mode: str


@jit.helper
def _mix(h):
    """The hash that the reference mixes with; Numba makes the results of integers wider, hence the conversions."""
    h = np.uint32(h ^ (h >> np.uint32(16)))
    h = np.uint32(h * np.uint32(0x7FEB352D))
    h = np.uint32(h ^ (h >> np.uint32(15)))
    h = np.uint32(h * np.uint32(0x846CA68B))
    return np.uint32(h ^ (h >> np.uint32(16)))


@jit.kernel
def _drop(x, low, high, base, threshold, scale, y, shards):
    """y = x scale where the hash of the index, counted from `base`, reaches the threshold; else x · 0.

    That is 0 where x is finite.
    """
    lower, upper, least, kept = np.uint32(low), np.uint32(high), np.uint32(threshold), np.float32(scale)
    for shard in prange(shards):
        start, stop = jit.share(shard, shards, x.size)
        values, results = x[start:stop], y[start:stop]
        for i in range(values.size):
            index = np.uint32(base + start + i)
            h = _mix(np.uint32(_mix(np.uint32(index ^ lower)) ^ upper))
            results[i] = values[i] * (kept if h >= least else np.float32(0))


def forward(
    x: Array, *, p: float, mask: Array | None = None, key: int | None = None, first: int = 0, mode: str = "inverted"
) -> tuple[Array, Cache | Array]:
    """Compute what `ops.dropout.forward` does, with the same mask for the same key."""
    reference.check(x, p, mask, key, mode)
    cache = Cache(key, first, p, mode)
    if key is not None:
        return _apply(x, key, cache), cache
    if mask is None and mode == "inverted":
        return x, cache
    return reference.forward(x, p=p, mask=mask, mode=mode)


def backward(dy: Array, cache: Cache | Array) -> tuple[Array]:
    """Compute what `ops.dropout.backward` does: dy through the mask of the forward pass."""
    if not isinstance(cache, Cache):
        return reference.backward(dy, cache)
    return (dy if cache.key is None else _apply(dy, cache.key, cache),)


def _apply(x: Array, key: int, cache: Cache) -> Array:
    y = buffers.empty(x.shape)
    scale = float(np.float32(1) / np.float32(1 - cache.p)) if cache.mode == "inverted" else 1.0
    words, threshold = reference.words(key), reference.threshold(cache.p)
    _drop(x.reshape(-1), *words, cache.first, threshold, scale, y.reshape(-1), jit.shards(2 * x.size))
    return y


KERNEL = Kernel(forward, backward)
