"""Batch normalisation, max(y, 0) and max-pooling by windows of 2 x 2 side by side, in one pass.

    z = gamma (x - mean) / sqrt(var + eps) + beta           y = max over each window of max(z, 0)

The images z between them are not stored: rows of pixels are normalised, or given their gradient, two at a time in a
little memory that stays in the cache.
"""

from typing import NamedTuple

import numpy as np
from numba import prange
from numpy.typing import NDArray

from backhand.arrays import Array
from backhand.kernels import buffers, jit
from backhand.kernels.blocks import normalisation
from backhand.kernels.blocks.normalisation import CENTRE, fold
from backhand.kernels.blocks.pooling import add_winners, fits, pool_pairs, unpool_pairs
from backhand.kernels.kernel import Grads, Kernel
from backhand.kernels.ops.batchnorm import gradient_row, normalise_row, slope_table
from backhand.ops.batchnorm import Across


class Cache(NamedTuple):
    """What backward needs, and the statistics that the layer asks for."""

    normal: normalisation.Cache
    winner: NDArray[np.uint8]
    mean: Array
    var: Array
    M: int


def forward(
    x: Array,
    gamma: Array,
    beta: Array,
    *,
    eps: float = 1e-5,
    running: tuple[Array, Array] | None = None,
    across: Across | None = None,
) -> tuple[Array, Cache]:
    """x (N, H, W, C) -> y (N, H // 2, W // 2, C); else as the reference of batch normalisation."""
    statistics = normalisation.Statistics(eps, running, across)
    normal = normalisation.normalisation(x, gamma, beta, statistics, relu=True)
    N, H, W, C = x.shape
    y = buffers.empty((N, H // 2, W // 2, C))
    winner = buffers.empty(y.shape, np.uint8)
    _forward(x.reshape(-1), normal.table, (H, W, C), y.reshape(-1), winner.reshape(-1), jit.shards(x.size))
    return y, Cache(normal, winner, normal.mean, normal.var, normal.M)


def backward(
    dy: Array, cache: Cache, *, need_dx: bool = True, grads: Grads = None
) -> tuple[Array | None, Array, Array]:
    """dy (N, H // 2, W // 2, C) -> dx (N, H, W, C), dgamma, dbeta, which are written to `grads`, where given."""
    normal = cache.normal
    x, gamma, mean, r, table = normal.x, normal.gamma, normal.mean, normal.r, normal.table
    dgamma, dbeta = grads or (np.empty_like(gamma), np.empty_like(gamma))
    totals, slopes = np.empty((jit.shards(2 * x.size), 2, gamma.size)), np.empty_like(table[:2])
    arrays = dy.reshape(-1), cache.winner.reshape(-1), x.reshape(-1), table
    _gradient_sums(*arrays, x.shape[1:], mean, r, dgamma, dbeta, slopes, totals)
    if not need_dx:
        return None, dgamma, dbeta
    normalisation.pool_slopes(normal, dgamma, dbeta, slopes)
    if normal.constant_statistics:
        slopes[...] = 0
    dx = buffers.empty(x.shape)
    _gradient(*arrays, x.shape[1:], slopes, dx.reshape(-1), len(totals))
    return dx, dgamma, dbeta


@jit.helper
def _normalise(x, table, y):
    """Normalise a row of pixels, in pieces as long as the table."""
    L = table.shape[1]
    for start in range(0, x.size, L):
        normalise_row(x[start : start + L], table, False, y[start : start + L])


@jit.kernel
def _forward(x, table, shape, y, winner, shards):
    """shape: (H, W, C) of an image; the shards are of the rows of windows, P of them in an image."""
    H, W, C = shape
    P, L, row = H // 2, W // 2 * C, W * C  # L and row: values in a row of windows, and in a row of pixels
    count = x.size // (H * row) * P
    for shard in prange(shards):
        rows = np.empty((2, row), np.float32)
        first, last = jit.share(shard, shards, count)
        for i in range(first, last):
            start, end = i * L, (i + 1) * L
            upper = (i // P * H + i % P * 2) * row
            for k in range(2):
                _normalise(x[upper + k * row : upper + (k + 1) * row], table, rows[k])
            pool_pairs(rows[0], rows[1], C, y[start:end], winner[start:end], True)


@jit.kernel
def _gradient_sums(dy, winner, x, table, shape, mean, r, dgamma, dbeta, slopes, totals):
    """dgamma, dbeta and slopes as in `batchnorm`, from the winners alone: other pixels have no gradient."""
    H, W, C = shape
    P, L, row = H // 2, W // 2 * C, W * C
    shards, N = len(totals), x.size // (H * row)
    for shard in prange(shards):
        totals[shard] = 0
        sums = np.zeros((2, C), np.float32)
        first, last = jit.share(shard, shards, N)
        for n in range(first, last):
            for p in range(P):
                start, end = (n * P + p) * L, (n * P + p + 1) * L
                upper = (n * H + p * 2) * row
                lower = upper + row
                pixels = x[upper:lower], x[lower : lower + row]
                add_winners(dy[start:end], winner[start:end], pixels[0], pixels[1], table[CENTRE], sums)
            fold(sums, totals[shard])
    slope_table(totals, x.size // C, mean, r, table[CENTRE], dgamma, dbeta, slopes)


@jit.helper
def _input_gradient(dy, x, table, slopes, dx):
    """Write dx of a row of pixels, in pieces as long as the table."""
    L = table.shape[1]
    for start in range(0, x.size, L):
        gradient_row(dy[start : start + L], x[start : start + L], table, slopes, False, dx[start : start + L])


@jit.kernel
def _gradient(dy, winner, x, table, shape, slopes, dx, shards):
    H, W, C = shape
    P, L, row = H // 2, W // 2 * C, W * C
    N = x.size // (H * row)
    for shard in prange(shards):
        rows = np.zeros(3 * row, np.float32)  # the third is of pixels that no window sees
        unused = np.zeros(C, np.float32)
        first, last = jit.share(shard, shards, N)
        for n in range(first, last):
            for u in range(H):
                if u % 2 == 0 and u + 1 < H:
                    start, end = (n * P + u // 2) * L, (n * P + u // 2 + 1) * L
                    unpool_pairs(dy[start:end], winner[start:end], C, rows, 0, row, unused)
                start, end = (n * H + u) * row, (n * H + u + 1) * row
                k = 2 if u == 2 * P else u % 2
                _input_gradient(rows[k * row : (k + 1) * row], x[start:end], table, slopes, dx[start:end])


KERNEL = Kernel(forward, backward, writes_grads=True, fits=fits)
