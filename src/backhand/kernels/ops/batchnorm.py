"""Batch normalisation: see `ops.batchnorm`. Two passes over memory forward, two backward.

Forward computes y = (x - centre) scale + shift. Backward needs x alone: n comes from it again, and so does the mask
where a ReLU followed. Rows have L columns: see `normalisation`.
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
    fold,
    normalisation,
    parts_of,
    repeat,
    scratch,
    total,
)
from backhand.kernels.kernel import Grads, Kernel


def forward(
    x: Array,
    gamma: Array,
    beta: Array,
    *,
    eps: float = 1e-5,
    running: tuple[Array, Array] | None = None,
    relu: bool = False,
) -> tuple[Array, Cache]:
    """As the reference; with `relu`, max(y, 0)."""
    cache = normalisation(x, gamma, beta, eps, running, relu)
    y = buffers.empty(x.shape)
    _normalise(x.reshape(-1), cache.table, relu, y.reshape(-1), parts_of(x))
    return y, cache


def backward(
    dy: Array, cache: Cache, *, need_dx: bool = True, grads: Grads = None
) -> tuple[Array | None, Array, Array]:
    """As the reference; the parameters' gradients are written to `grads`, where given."""
    x, upstream, table = cache.x.reshape(-1), dy.reshape(-1), cache.table
    dgamma, dbeta = grads or (np.empty_like(cache.gamma), np.empty_like(cache.gamma))
    sums, totals = scratch(cache.x, table.shape[1])
    slopes = np.empty_like(table[:2])
    _gradient_sums(upstream, x, table, cache.relu, cache.mean, cache.r, sums, totals, dgamma, dbeta, slopes)
    if not need_dx:
        return None, dgamma, dbeta
    if cache.constant_statistics:
        slopes[...] = 0
    dx = buffers.empty(cache.x.shape)
    _gradient(upstream, x, table, slopes, cache.relu, dx.reshape(-1), len(sums))
    return dx, dgamma, dbeta


@jit.helper
def normalise_row(x, table, relu, y):
    """y of a row, which may be short."""
    centre, scale, shift = table[CENTRE], table[SCALE], table[SHIFT]
    low = np.float32(0 if relu else -np.inf)
    for i in range(x.size):
        v = (x[i] - centre[i]) * scale[i] + shift[i]
        y[i] = low if v < low else v  # NaN stays NaN


@jit.kernel
def _normalise(x, table, relu, y, parts):
    L = table.shape[1]
    rows = -(-x.size // L)
    for part_ in prange(parts):
        part = np.int64(part_)
        for row in range((part + 1) * rows // parts - 1, part * rows // parts - 1, -1):  # the end is still in the cache
            normalise_row(x[row * L : (row + 1) * L], table, relu, y[row * L : (row + 1) * L])


@jit.helper
def add_row(dy, x, table, relu, sums):
    """Sums of g and of g (x - centre) of a row; g is dy where y > 0, with `relu`."""
    centre, scale, shift = table[CENTRE], table[SCALE], table[SHIFT]
    s, q = sums[0], sums[1]
    every = not relu
    for i in range(x.size):
        d = x[i] - centre[i]
        g = dy[i]  # read either way, so that the choice fills vectors
        g = g if every | (d * scale[i] + shift[i] > 0) else np.float32(0)
        s[i] += g
        q[i] += g * d


@jit.kernel
def _gradient_sums(dy, x, table, relu, mean, r, sums, totals, dgamma, dbeta, slopes):
    """dgamma, dbeta, and slopes (2, L) such that dx = scale (g - slopes[0] - (x - centre) slopes[1])."""
    parts, _, L = sums.shape
    rows = -(-x.size // L)
    for part_ in prange(parts):
        part = np.int64(part_)
        sums[part] = 0
        totals[part] = 0
        first, last = part * rows // parts, (part + 1) * rows // parts
        for row in range(first, last):
            add_row(dy[row * L : (row + 1) * L], x[row * L : (row + 1) * L], table, relu, sums[part])
            if row + 1 == last or (row - first) % BLOCK == BLOCK - 1:
                fold(sums[part], totals[part])
    slope_table(totals, x.size // mean.size, mean, r, table[CENTRE], dgamma, dbeta, slopes)


@jit.helper
def slope_table(totals, M, mean, r, centre, dgamma, dbeta, slopes):
    """What `_gradient_sums` says, from the sums of g and of g (x - centre)."""
    C = mean.size
    for c in range(C):
        plain = total(totals, 0, c)
        rounded = mean[c] - centre[c]
        product = (total(totals, 1, c) - rounded * plain) * r[c]
        dbeta[c], dgamma[c] = plain, product
        slope = product * r[c] / M
        slopes[0, c], slopes[1, c] = plain / M - rounded * slope, slope
    repeat(slopes[0], C)
    repeat(slopes[1], C)


@jit.helper
def gradient_row(dy, x, table, slopes, relu, dx):
    """dx of a row."""
    centre, scale, shift = table[CENTRE], table[SCALE], table[SHIFT]
    start, slope = slopes[0], slopes[1]
    every = not relu
    for i in range(x.size):
        d = x[i] - centre[i]
        g = dy[i]  # read either way, so that the choice fills vectors
        g = g if every | (d * scale[i] + shift[i] > 0) else np.float32(0)
        dx[i] = scale[i] * (g - start[i] - d * slope[i])


@jit.kernel
def _gradient(dy, x, table, slopes, relu, dx, parts):
    L = table.shape[1]
    rows = -(-x.size // L)
    for part_ in prange(parts):
        part = np.int64(part_)
        for row in range((part + 1) * rows // parts - 1, part * rows // parts - 1, -1):
            a, b = row * L, (row + 1) * L
            gradient_row(dy[a:b], x[a:b], table, slopes, relu, dx[a:b])


KERNEL = Kernel(forward, backward, writes_grads=True)
