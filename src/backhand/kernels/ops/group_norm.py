"""Group normalisation, see `ops.group_norm`: a sample at a time, which stays in the cache between its passes.

    y = (x - centre) scale + shift          dx = scale dy - start - (x - centre) slope

A sample is read as rows of L columns, a whole number of pixels, and what is added to or multiplied with a pixel is in a
table with a value for each column: see `normalisation`. Forward has one pass for the statistics; backward needs x
alone. Derivation: docs/derivations/group_norm.md
"""

from math import prod
from typing import NamedTuple

import numpy as np
from numba import prange

from backhand.arrays import Array
from backhand.kernels import buffers, jit
from backhand.kernels.blocks.normalisation import (
    BLOCK,
    CENTRE,
    SCALE,
    add_rows,
    columns,
    fold,
    near_mean,
    repeat,
    scratch,
    tabulate,
    total,
)
from backhand.kernels.kernel import Grads, Kernel
from backhand.kernels.ops.batchnorm import normalise_row
from backhand.ops import group_norm as reference

START, SLOPE = 2, 3  # of a table for backward, after the centre and the scale


class Cache(NamedTuple):
    """What backward needs; `mean` and `r` (N, groups) in float64."""

    x: Array
    gamma: Array
    mean: Array
    r: Array


def forward(x: Array, gamma: Array, beta: Array, *, groups: int, eps: float = 1e-5) -> tuple[Array, Cache]:
    """Compute what `ops.group_norm.forward` does."""
    reference.check(x, gamma, beta, groups)
    N, M = len(x), prod(x.shape[1:])
    y = buffers.empty((N, M))
    mean, r = np.empty((2, N, groups))
    L = columns(M // gamma.size, gamma.size)
    sums, totals = scratch(x, L)
    tables = np.empty((len(sums), 3, L), np.float32)
    _normalise(x.reshape(N, M), gamma, beta, eps, mean, r, y, tables, totals, sums)
    return y.reshape(x.shape), Cache(x, gamma, mean, r)


def backward(
    dy: Array, cache: Cache, *, need_dx: bool = True, grads: Grads = None
) -> tuple[Array | None, Array, Array]:
    """Compute what `ops.group_norm.backward` does; the parameters' gradients are written to `grads`, where given."""
    x, gamma, mean, r = cache
    N, M = len(x), prod(x.shape[1:])
    dgamma, dbeta = grads or (np.empty_like(gamma), np.empty_like(gamma))
    dx = buffers.empty((N if need_dx else 0, M))
    L = columns(M // gamma.size, gamma.size)
    sums, totals = scratch(x, L)
    tables, parameters = np.empty((len(sums), 4, L), np.float32), np.empty_like(totals)
    _gradient(
        *(dy.reshape(N, M), x.reshape(N, M), gamma, mean, r, dx, dgamma, dbeta),
        *(tables, parameters, totals, sums),
    )
    return dx.reshape(x.shape) if need_dx else None, dgamma, dbeta


@jit.helper
def _sum(values):
    result = 0.0
    for value in values:
        result += value
    return result


@jit.helper
def _statistics(x, eps, mean, r, shift, sums, totals):
    """Write the mean and r = 1 / sqrt(var + eps) of each group of a sample; shift (L,): scratch."""
    C = totals.shape[1]
    K = C // mean.size
    near_mean(x, C, shift)
    for a in range(0, C, K):
        shift[a : a + K] = _sum(shift[a : a + K]) / K
    repeat(shift, C)
    add_rows(x, 0, -(-x.size // shift.size), shift, sums, totals)
    M = x.size // mean.size
    for g in range(mean.size):
        a, b = g * K, (g + 1) * K
        deviation = _sum(totals[0, a:b]) / M
        variance = _sum(totals[1, a:b]) / M - deviation * deviation
        mean[g] = shift[a] + deviation
        r[g] = 1 / np.sqrt((0.0 if variance < 0 else variance) + eps)


@jit.kernel
def _normalise(x, gamma, beta, eps, mean, r, y, tables, totals, sums):
    """y, and mean and r (N, groups). tables (shards, 3, L), totals (shards, 2, C) and sums (shards, 2, L): scratch."""
    shards, _, L = sums.shape
    for shard in prange(shards):
        table = tables[shard]
        first, last = jit.share(shard, shards, len(x))
        for n in range(first, last):
            _statistics(x[n], eps, mean[n], r[n], table[CENTRE], sums[shard], totals[shard])
            tabulate(mean[n], r[n], gamma, beta, table)
            for start in range(0, x.shape[1], L):
                normalise_row(x[n, start : start + L], table, False, y[n, start : start + L])


@jit.helper
def _add_row(dy, x, centre, sums):
    """Add dy and dy (x - centre) of a row, which may be shorter than the table, to the two sums of each column."""
    s, q = sums[0], sums[1]
    for i in range(x.size):
        s[i] += dy[i]
        q[i] += dy[i] * (x[i] - centre[i])


@jit.helper
def _add_sample(dy, x, centre, sums, totals):
    """Write the totals of dy and of dy (x - centre) of each channel of a sample."""
    L = centre.size
    sums[:] = 0
    totals[:] = 0
    rows = -(-x.size // L)
    for row in range(rows):
        _add_row(dy[row * L : (row + 1) * L], x[row * L : (row + 1) * L], centre, sums)
        if row + 1 == rows or row % BLOCK == BLOCK - 1:
            fold(sums, totals)


@jit.helper
def _centre_and_scale(mean, r, gamma, table):
    """Write the centre and the scale of each column."""
    C = gamma.size
    K = C // mean.size
    for g in range(mean.size):
        for c in range(g * K, (g + 1) * K):
            table[CENTRE, c], table[SCALE, c] = mean[g], gamma[c] * r[g]
    repeat(table[CENTRE], C)
    repeat(table[SCALE], C)


@jit.helper
def _start_and_slope(totals, mean, r, gamma, M, table, parameters):
    """Write start and slope of each column, from the totals of a sample, and add to the parameters' gradients.

    start and slope are r mean(dn) and r² mean(dn n), the start less what makes up for the rounding of the centre.
    """
    C = gamma.size
    K = C // mean.size
    for g in range(mean.size):
        of_dn, of_dn_n = 0.0, 0.0
        rounding = mean[g] - table[CENTRE, g * K]
        for c in range(g * K, (g + 1) * K):
            of_dy_n = (totals[1, c] - rounding * totals[0, c]) * r[g]
            parameters[0, c] += totals[0, c]
            parameters[1, c] += of_dy_n
            of_dn += gamma[c] * totals[0, c]
            of_dn_n += gamma[c] * of_dy_n
        slope = r[g] * r[g] * of_dn_n / M
        for c in range(g * K, (g + 1) * K):
            table[START, c], table[SLOPE, c] = r[g] * of_dn / M - rounding * slope, slope
    repeat(table[START], C)
    repeat(table[SLOPE], C)


@jit.helper
def _gradient_row(dy, x, table, dx):
    """Write dx = scale dy - start - (x - centre) slope of a row."""
    centre, scale, start, slope = table[CENTRE], table[SCALE], table[START], table[SLOPE]
    for i in range(x.size):
        dx[i] = scale[i] * dy[i] - start[i] - (x[i] - centre[i]) * slope[i]


@jit.kernel
def _gradient(dy, x, gamma, mean, r, dx, dgamma, dbeta, tables, parameters, totals, sums):
    """dx, unless it has no rows, dgamma and dbeta. The last four, with a row for each shard: scratch."""
    shards, _, L = sums.shape
    M = x.shape[1] // mean.shape[1]
    for shard in prange(shards):
        table = tables[shard]
        parameters[shard] = 0
        first, last = jit.share(shard, shards, len(x))
        for n in range(first, last):
            _centre_and_scale(mean[n], r[n], gamma, table)
            _add_sample(dy[n], x[n], table[CENTRE], sums[shard], totals[shard])
            _start_and_slope(totals[shard], mean[n], r[n], gamma, M, table, parameters[shard])
            if len(dx):
                for start in range(0, x.shape[1], L):
                    stop = start + L
                    _gradient_row(dy[n, start:stop], x[n, start:stop], table, dx[n, start:stop])
    for c in range(gamma.size):
        dbeta[c], dgamma[c] = total(parameters, 0, c), total(parameters, 1, c)


KERNEL = Kernel(forward, backward, writes_grads=True)
