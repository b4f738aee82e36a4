"""Batch normalisation, max(y, 0) and max-pooling by windows of 2 x 2 side by side: the images between are not stored.

Rows of pixels are normalised, or given their gradient, two at a time in a little memory that stays in the cache.
"""

from typing import NamedTuple

import numpy as np
from numba import prange
from numpy.typing import NDArray

from backhand.arrays import Array
from backhand.kernels import buffers, jit
from backhand.kernels.blocks import normalisation
from backhand.kernels.blocks.normalisation import CENTRE, fold, parts_of
from backhand.kernels.blocks.pooling import add_winners, fits, pool_pairs, unpool_pairs
from backhand.kernels.kernel import Grads, Kernel
from backhand.kernels.ops.batchnorm import gradient_row, normalise_row, slope_table


class Cache(NamedTuple):
    """What backward needs, and the statistics that the layer asks for."""

    normal: normalisation.Cache
    winner: NDArray[np.uint8]
    mean: Array
    var: Array


def forward(
    x: Array, gamma: Array, beta: Array, *, eps: float = 1e-5, running: tuple[Array, Array] | None = None
) -> tuple[Array, Cache]:
    """x (N, H, W, C) -> y (N, H // 2, W // 2, C); else as the reference of batch normalisation."""
    found = normalisation.normalisation(x, gamma, beta, eps, running, relu=True)
    N, H, W, C = x.shape
    y = buffers.empty((N, H // 2, W // 2, C))
    winner = buffers.empty(y.shape, np.uint8)
    _forward(x.reshape(-1), found.table, (H, W, C), y.reshape(-1), winner.reshape(-1), jit.threads())
    return y, Cache(found, winner, found.mean, found.var)


def backward(
    dy: Array, cache: Cache, *, need_dx: bool = True, grads: Grads = None
) -> tuple[Array | None, Array, Array]:
    """dy (N, H // 2, W // 2, C) -> dx (N, H, W, C), dgamma, dbeta, which are written to `grads`, where given."""
    x, gamma, mean, _, r, table, _, constant_statistics = cache.normal
    dgamma, dbeta = grads or (np.empty_like(gamma), np.empty_like(gamma))
    totals, slopes = np.empty((parts_of(x), 2, gamma.size)), np.empty_like(table[:2])
    arrays = dy.reshape(-1), cache.winner.reshape(-1), x.reshape(-1), table
    _gradient_sums(*arrays, x.shape[1:], mean, r, totals, dgamma, dbeta, slopes)
    if not need_dx:
        return None, dgamma, dbeta
    if constant_statistics:
        slopes[...] = 0
    dx = buffers.empty(x.shape)
    _gradient(*arrays, x.shape[1:], slopes, dx.reshape(-1), len(totals))
    return dx, dgamma, dbeta


@jit.helper
def _normalise(x, table, y):
    """A row of pixels, in pieces as long as the table."""
    L = table.shape[1]
    for start in range(0, x.size, L):
        normalise_row(x[start : start + L], table, False, y[start : start + L])


@jit.kernel
def _forward(x, table, shape, y, winner, parts):
    H, W, C = shape
    P, L, row = H // 2, W // 2 * C, W * C
    count = x.size // (H * row) * P
    for part_ in prange(parts):
        part = np.int64(part_)
        rows = np.empty((2, row), np.float32)
        for place in range(part * count // parts, (part + 1) * count // parts):
            start = (place // P * H + place % P * 2) * row
            for k in range(2):
                _normalise(x[start + k * row : start + (k + 1) * row], table, rows[k])
            out, which = y[place * L : (place + 1) * L], winner[place * L : (place + 1) * L]
            pool_pairs(rows[0], rows[1], C, out, which, True)


@jit.kernel
def _gradient_sums(dy, winner, x, table, shape, mean, r, totals, dgamma, dbeta, slopes):
    """As in `batchnorm`, from the winners alone: other pixels have no gradient, and add nothing."""
    H, W, C = shape
    P, L, row = H // 2, W // 2 * C, W * C
    parts, N = len(totals), x.size // (H * row)
    for part_ in prange(parts):
        part = np.int64(part_)
        totals[part] = 0
        sums = np.zeros((2, C), np.float32)
        for n in range(part * N // parts, (part + 1) * N // parts):
            for place in range(n * P, (n + 1) * P):
                g, which = dy[place * L : (place + 1) * L], winner[place * L : (place + 1) * L]
                start = (n * H + (place - n * P) * 2) * row
                add_winners(g, which, x[start : start + row], x[start + row : start + 2 * row], table[CENTRE], sums)
            fold(sums, totals[part])
    slope_table(totals, x.size // C, mean, r, table[CENTRE], dgamma, dbeta, slopes)


@jit.helper
def _pull(dy, x, table, slopes, dx):
    """dx of a row of pixels."""
    L = table.shape[1]
    for start in range(0, x.size, L):
        gradient_row(dy[start : start + L], x[start : start + L], table, slopes, False, dx[start : start + L])


@jit.kernel
def _gradient(dy, winner, x, table, shape, slopes, dx, parts):
    H, W, C = shape
    P, L, row = H // 2, W // 2 * C, W * C
    N = x.size // (H * row)
    for part_ in prange(parts):
        part = np.int64(part_)
        rows = np.zeros(3 * row, np.float32)  # the third is of pixels that no window sees
        unused = np.zeros(C, np.float32)
        for n in range(part * N // parts, (part + 1) * N // parts):
            for u in range(H):
                place = n * P + u // 2
                if u % 2 == 0 and u + 1 < H:
                    g, which = dy[place * L : (place + 1) * L], winner[place * L : (place + 1) * L]
                    unpool_pairs(g, which, C, rows, 0, row, unused)
                start = (n * H + u) * row
                k = 2 if u == 2 * P else u % 2
                _pull(rows[k * row : (k + 1) * row], x[start : start + row], table, slopes, dx[start : start + row])


KERNEL = Kernel(forward, backward, writes_grads=True, fits=fits)
