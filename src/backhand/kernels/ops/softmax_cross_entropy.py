"""Softmax and cross-entropy, see `ops.softmax_cross_entropy`: forward computes the gradient as well.

    L = mean of ω (log sum_k e^z - sum_k q z)           dz = ω (p - q) / N,  p = e^z / sum_k e^z

Everything about a row is in the cache when its loss is computed, so dz is computed at the same time, and backward has
next to nothing to do. A block of rows is taken at a time: the exponentials of all its values are one loop, which fills
vectors however few classes there are.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import prange

from backhand.arrays import Array, Labels
from backhand.kernels import buffers, jit
from backhand.kernels.blocks.frames import NOTHING
from backhand.kernels.kernel import Kernel
from backhand.ops import softmax_cross_entropy as reference

BLOCK = 4096  # values whose exponentials are taken at once: they stay in the first-level cache
NO_LABELS, NONE_WANTED = np.zeros(0, np.int64), np.zeros((1, 0), np.float32)
LOG2_E = math.log2(math.e)
# 2^f for |f| <= 1/2 as a polynomial, the highest power first: fitted for the least relative error, 2e-9.
POWERS = (1.5353362e-4, 1.3398874e-3, 9.6184374e-3, 5.5503325e-2, 2.4022648e-1, 6.931472e-1, 1.0)
C6, C5, C4, C3, C2, C1, C0 = (np.float32(coefficient) for coefficient in POWERS)


class Cache(NamedTuple):
    """What backward needs: the gradient at an upstream of 1."""

    dz: Array


@jit.helper
def exp(x):
    """e^x = 2^n 2^f for float32 x <= 88, to 2 units in the last place; 0 below -87.3.

    n + f = x log2 e is taken in float64, since it has as many digits before the point as after it.
    """
    t = np.float64(x) * LOG2_E
    n = np.rint(t if t > -126.0 else -126.0)
    f = np.float32(t - n)
    power = C0 + f * (C1 + f * (C2 + f * (C3 + f * (C4 + f * (C5 + f * C6)))))
    scale = np.int32((np.int32(n) + np.int32(127)) << np.int32(23)).view(np.float32)  # 2^n: n is the exponent's bits
    return np.float32(0) if t < -126.0 else power * scale


@jit.helper
def _shift(z, bits, n, shifted):
    """Write row n of z, less its maximum, to row n of `shifted`; returns the sum of that row.

    The maximum is taken of integers, which vectorises. Integers order as the floats of the same bits do, once all bits
    but the sign are inverted in those below 0.
    """
    most = np.int32(-(2**31))
    for k in range(z.shape[1]):
        most = max(most, bits[n, k] ^ ((bits[n, k] >> np.int32(31)) & np.int32(0x7FFFFFFF)))
    maximum = np.int32(most ^ ((most >> np.int32(31)) & np.int32(0x7FFFFFFF))).view(np.float32)
    total = np.float32(0)
    for k in range(z.shape[1]):
        shifted[n, k] = z[n, k] - maximum
        total += shifted[n, k]
    return total


@jit.helper
def _expect(z, n, labels, wanted, keep, spread, total):
    """sum_k q z of row n, and whether its label or distribution is valid beyond doubt.

    keep and spread: 1 - smoothing, and smoothing over K.   total: sum_k z.
    """
    K = z.shape[1]
    if not wanted.size:
        fits = 0 <= labels[n] < K
        return spread * total + keep * z[n, labels[n] if fits else 0], fits
    expected, mass, positive = np.float32(0), np.float32(0), True
    for k in range(K):
        expected += (keep * wanted[n, k] + spread) * z[n, k]
        mass += wanted[n, k]
        positive &= wanted[n, k] >= 0
    return expected, positive and abs(mass - 1) < reference.TOLERANCE / 2


@jit.helper
def _gradient(e, n, labels, wanted, keep, spread, scale):
    """e^z of row n becomes (p - q) scale; returns the sum of e^z."""
    total = np.float32(0)
    for k in range(e.shape[1]):
        total += e[n, k]
    p_scale, q_scale, shared = scale / total, keep * scale, spread * scale
    for k in range(e.shape[1]):
        e[n, k] = e[n, k] * p_scale - shared
    if wanted.size:
        for k in range(e.shape[1]):
            e[n, k] -= q_scale * wanted[n, k]
    else:
        e[n, labels[n]] -= q_scale
    return total


@jit.kernel
def _forward(z, bits, labels, wanted, weights, smoothing, dz, sums):
    """The mean loss, and whether all labels, distributions and weights are valid; else the results mean nothing.

    z, bits (N, K): the logits as floats and as integers.   labels (N,) or wanted (N, K), the other empty.
    weights: (N,) or empty.   sums: scratch (shards, 2).
    """
    (N, K), shards = z.shape, sums.shape[0]
    rows = max(1, BLOCK // K)
    keep, spread, share = np.float32(1 - smoothing), np.float32(smoothing / K), np.float32(1 / N)
    for shard in prange(shards):
        loss, valid = 0.0, True
        start, end = jit.share(shard, shards, N)
        for first in range(start, end, rows):
            last = min(first + rows, end)
            for n in range(first, last):
                weight = weights[n] if weights.size else np.float32(1)
                expected, fits = _expect(dz, n, labels, wanted, keep, spread, _shift(z, bits, n, dz))
                if not (fits and 0 <= weight < np.inf):
                    valid = False
                loss -= weight * expected
            block = dz[first:last].reshape(-1)
            for i in range(block.size):
                block[i] = exp(block[i])
            for n in range(first, last if valid else first):
                weight = weights[n] if weights.size else np.float32(1)
                loss += weight * np.log(_gradient(dz, n, labels, wanted, keep, spread, weight * share))
        sums[shard, 0], sums[shard, 1] = loss, not valid
    total, wrong = 0.0, 0.0
    for shard in range(shards):
        total += sums[shard, 0]
        wrong += sums[shard, 1]
    return total / N, wrong == 0


def forward(
    logits: Array, labels: Labels | Array, *, smoothing: float = 0.0, weights: Array | None = None
) -> tuple[Array | np.float32, Cache | reference.Cache]:
    """The same results as the reference, which is called where arguments are wrong, to say what is."""
    N, K = logits.shape
    soft = labels.ndim == 2 and labels.dtype.kind == "f"
    fits = labels.shape == (logits.shape if soft else (N,)) and (soft or labels.dtype.kind in "iu")
    if fits and logits.size and 0 <= smoothing <= 1 and (weights is None or weights.shape == (N,)):
        dz = buffers.empty((N, K))
        loss, valid = _forward(
            *(logits, logits.view(np.int32), NO_LABELS if soft else np.array(labels, np.int64)),
            *(np.array(labels, np.float32) if soft else NONE_WANTED, _or_nothing(weights), float(smoothing)),
            *(dz, np.empty((jit.shards(4 * dz.size), 2))),
        )
        if valid:
            return np.float32(loss), Cache(dz)
    return reference.forward(logits, labels, smoothing=smoothing, weights=weights)


def _or_nothing(weights: Array | None) -> Array:
    return NOTHING if weights is None else np.array(weights, np.float32)


def backward(dy: float | Array, cache: Cache | reference.Cache) -> tuple[Array]:
    """The same gradient as the reference: dy times dz."""
    if not isinstance(cache, Cache):
        return reference.backward(dy, cache)
    if dy == 1:
        return (cache.dz,)
    return (np.multiply(cache.dz, np.float32(dy), out=buffers.empty(cache.dz.shape)),)


KERNEL = Kernel(forward, backward)
