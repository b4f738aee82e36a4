"""Batch normalisation, see `ops.batchnorm`, in two passes over memory forward and two backward.

    y = (x - centre) scale + shift          dx = scale (g - mean g - n mean(g n)),  n = (x - mean) r

g is dy, or dy where y > 0 with ReLU. Backward needs x alone: n is computed from it again, and so is the mask of ReLU.
Rows have L columns: see `normalisation`. Derivation: docs/derivations/batchnorm.md
"""

import numpy as np
from numba import prange

from backhand.arrays import Array
from backhand.kernels import buffers, jit
from backhand.kernels.blocks.normalisation import (
    BLOCK,
    CENTRE,
    SCALE,
    SHIFT,
    Cache,
    Statistics,
    fold,
    normalisation,
    pool_slopes,
    repeat,
    scratch,
    total,
)
from backhand.kernels.kernel import Grads, Kernel
from backhand.ops.batchnorm import Across


def forward(
    x: Array,
    gamma: Array,
    beta: Array,
    *,
    eps: float = 1e-5,
    running: tuple[Array, Array] | None = None,
    across: Across | None = None,
    relu: bool = False,
) -> tuple[Array, Cache]:
    """Compute what `ops.batchnorm.forward` does; with `relu`, max(y, 0)."""
    cache = normalisation(x, gamma, beta, Statistics(eps, running, across), relu=relu)
    y = buffers.empty(x.shape)
    _normalise(x.reshape(-1), cache.table, relu, y.reshape(-1), jit.shards(2 * x.size))
    return y, cache


def backward(
    dy: Array, cache: Cache, *, need_dx: bool = True, grads: Grads = None
) -> tuple[Array | None, Array, Array]:
    """Compute what `ops.batchnorm.backward` does; the parameters' gradients are written to `grads`, where given."""
    x, upstream, table = cache.x.reshape(-1), dy.reshape(-1), cache.table
    dgamma, dbeta = grads or (np.empty_like(cache.gamma), np.empty_like(cache.gamma))
    sums, totals = scratch(cache.x, table.shape[1])
    slopes = np.empty_like(table[:2])
    _gradient_sums(upstream, x, table, cache.relu, cache.mean, cache.r, dgamma, dbeta, slopes, sums, totals)
    if not need_dx:
        return None, dgamma, dbeta
    pool_slopes(cache, dgamma, dbeta, slopes)
    if cache.constant_statistics:
        slopes[...] = 0
    dx = buffers.empty(cache.x.shape)
    _gradient(upstream, x, table, slopes, cache.relu, dx.reshape(-1), len(sums))
    return dx, dgamma, dbeta


@jit.helper
def normalise_row(x, table, relu, y):
    """Write y of a row of x, which may be shorter than the table."""
    centre, scale, shift = table[CENTRE], table[SCALE], table[SHIFT]
    low = np.float32(0 if relu else -np.inf)
    for i in range(x.size):
        v = (x[i] - centre[i]) * scale[i] + shift[i]
        y[i] = low if v < low else v  # NaN stays NaN


@jit.kernel
def _normalise(x, table, relu, y, shards):
    L = table.shape[1]
    rows = -(-x.size // L)
    for shard in prange(shards):
        first, last = jit.share(shard, shards, rows)
        for row in range(last - 1, first - 1, -1):  # the end is still in the cache
            normalise_row(x[row * L : (row + 1) * L], table, relu, y[row * L : (row + 1) * L])


@jit.helper
def add_row(dy, x, table, relu, sums):
    """Add g and g (x - centre) of a row to the two sums of each column; with `relu`, g is dy where y > 0, else 0."""
    centre, scale, shift = table[CENTRE], table[SCALE], table[SHIFT]
    s, q = sums[0], sums[1]
    without_relu = not relu
    for i in range(x.size):
        d = x[i] - centre[i]
        g = dy[i]  # read either way, so that the choice fills vectors
        g = g if without_relu | (d * scale[i] + shift[i] > 0) else np.float32(0)
        s[i] += g
        q[i] += g * d


@jit.kernel
def _gradient_sums(dy, x, table, relu, mean, r, dgamma, dbeta, slopes, sums, totals):
    """dgamma, dbeta, and slopes (2, L) such that dx = scale (g - slopes[0] - (x - centre) slopes[1])."""
    shards, _, L = sums.shape
    rows = -(-x.size // L)
    for shard in prange(shards):
        sums[shard] = 0
        totals[shard] = 0
        first, last = jit.share(shard, shards, rows)
        for row in range(first, last):
            add_row(dy[row * L : (row + 1) * L], x[row * L : (row + 1) * L], table, relu, sums[shard])
            if row + 1 == last or (row - first) % BLOCK == BLOCK - 1:
                fold(sums[shard], totals[shard])
    slope_table(totals, x.size // mean.size, mean, r, table[CENTRE], dgamma, dbeta, slopes)


@jit.helper
def slope_table(totals, M, mean, r, centre, dgamma, dbeta, slopes):
    """dgamma, dbeta and slopes as in `_gradient_sums`, from the totals of g and of g (x - centre) of M values each."""
    C = mean.size
    for c in range(C):
        sum_g, rounding = total(totals, 0, c), mean[c] - centre[c]
        sum_gn = (total(totals, 1, c) - rounding * sum_g) * r[c]
        dbeta[c], dgamma[c] = sum_g, sum_gn
        slope = sum_gn * r[c] / M
        slopes[0, c], slopes[1, c] = sum_g / M - rounding * slope, slope
    repeat(slopes[0], C)
    repeat(slopes[1], C)


@jit.helper
def gradient_row(dy, x, table, slopes, relu, dx):
    """Write dx = scale (g - slopes[0] - (x - centre) slopes[1]) of a row."""
    centre, scale, shift = table[CENTRE], table[SCALE], table[SHIFT]
    start, slope = slopes[0], slopes[1]
    without_relu = not relu
    for i in range(x.size):
        d = x[i] - centre[i]
        g = dy[i]  # read either way, so that the choice fills vectors
        g = g if without_relu | (d * scale[i] + shift[i] > 0) else np.float32(0)
        dx[i] = scale[i] * (g - start[i] - d * slope[i])


@jit.kernel
def _gradient(dy, x, table, slopes, relu, dx, shards):
    L = table.shape[1]
    rows = -(-x.size // L)
    for shard in prange(shards):
        first, last = jit.share(shard, shards, rows)
        for row in range(last - 1, first - 1, -1):
            a, b = row * L, (row + 1) * L
            gradient_row(dy[a:b], x[a:b], table, slopes, relu, dx[a:b])


KERNEL = Kernel(forward, backward, writes_grads=True)
