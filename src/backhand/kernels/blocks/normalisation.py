"""The statistics of channels, and the table that normalises with them, for the kernels of normalisation.

    mean = sum x / M        var = sum (x - mean)² / M        r = 1 / sqrt(var + eps)        M: values of a channel

Values are read as rows of L columns, a whole number of pixels: column i holds channel i mod C, so that vectors are full
however few channels there are. The table has three values for each column, such that

    y = (x - centre) scale + shift

`centre` is the mean rounded to float32; the shift makes up for the rounding.
"""

from typing import NamedTuple

import numpy as np
from numba import prange

from backhand.arrays import Array
from backhand.kernels import jit
from backhand.ops import batchnorm as reference

COLUMNS = 512  # at most, unless there are more channels: sums of them stay in the first-level cache
BLOCK = 256  # rows whose sums are float32
SAMPLE = 64  # pixels whose mean is near enough to that of all
CENTRE, SCALE, SHIFT = range(3)


class Cache(NamedTuple):
    """What backward needs; `mean`, `var` and r in float64. table (3, L): centre, scale and shift of each column.

    M: values of a channel.   across: as `ops.batchnorm` takes it.
    """

    x: Array
    gamma: Array
    mean: Array
    var: Array
    r: Array
    table: Array
    relu: bool
    constant_statistics: bool
    M: int
    across: reference.Across | None


class Statistics(NamedTuple):
    """Which statistics to normalise with: `running` (mean, variance), or else those of the batch.

    eps: as `ops.batchnorm` takes it, and so is `across`.
    """

    eps: float
    running: tuple[Array, Array] | None
    across: reference.Across | None


def normalisation(x: Array, gamma: Array, beta: Array, wanted: Statistics, *, relu: bool) -> Cache:
    """The statistics of x, or those given, and the table that normalises with them."""
    reference.check(x, gamma, beta)
    eps, running, across = wanted
    C = gamma.size
    M = x.size // C
    L = columns(M, C)
    table = np.empty((3, L), np.float32)
    if running is None:
        mean, var, r = statistics = np.empty((3, C))
        _statistics(x.reshape(-1), gamma, beta, eps, statistics, table, *scratch(x, L))
    else:
        mean, var = (np.asarray(statistic, np.float64) for statistic in running)
    if across is not None:
        M, mean, var = reference.pooled(M, mean, var, across)
    if running is not None or across is not None:
        r = (var + eps) ** -0.5
        tabulate(mean, r, gamma, beta, table)
    return Cache(x, gamma, mean, var, r, table, relu, running is not None, M, across)


def pool_slopes(cache: Cache, dgamma: Array, dbeta: Array, slopes: Array) -> None:
    """Write the slopes of the whole batch in place of those of a share, whose sums are dgamma and dbeta."""
    if cache.across is None:
        return
    sum_gn, sum_g = reference.pooled_sums(dgamma.astype(np.float64), dbeta, cache.across)
    C, M = cache.gamma.size, cache.M
    slope = sum_gn * cache.r / M
    slopes[0, :C] = sum_g / M - (cache.mean - cache.table[CENTRE, :C]) * slope
    slopes[1, :C] = slope
    for row in slopes:
        repeat(row, C)


def columns(pixels: int, C: int) -> int:
    """L: whole pixels, and where they are small whole vectors too."""
    count = max(1, min(COLUMNS // C, pixels))
    return C * (count - count % 16 if count > 16 else count)


def scratch(x: Array, L: int) -> tuple[Array, Array]:
    """Memory for two sums of each column, and two of each channel, for every shard of x."""
    shards = jit.shards(2 * x.size)
    return np.empty((shards, 2, L), np.float32), np.empty((shards, 2, x.shape[-1]))


@jit.helper
def fold(sums, totals):
    """Add two sums of each column to the totals of the columns' channels, and set the sums to 0."""
    C = totals.shape[1]
    for k in range(2):
        for start in range(0, sums.shape[1], C):
            for c in range(C):
                totals[k, c] += sums[k, start + c]
    sums[:] = 0


@jit.helper
def repeat(row, C):
    """Fill a row with its first C values, again and again."""
    for i in range(C, row.size):
        row[i] = row[i - C]


@jit.helper
def near_mean(x, C, shift):
    """Write the mean of some pixels, far apart, to each column: sums of x less that lose no digits to a large mean."""
    pixels = x.size // C
    step = max(1, pixels // SAMPLE)
    shift[:C] = 0
    for pixel in range(0, pixels, step):
        values = x[pixel * C : (pixel + 1) * C]
        for c in range(C):
            shift[c] += values[c]
    for c in range(C):
        mean = shift[c] / np.float32(-(-pixels // step))
        shift[c] = mean if np.isfinite(mean) else np.float32(0)
    repeat(shift, C)


@jit.helper
def tabulate(mean, r, gamma, beta, table):
    """Write centre, scale and shift of each column to the table.

    mean, r: of each channel, or of each group of as many channels.
    """
    C = gamma.size
    group = C // mean.size
    for g in range(mean.size):
        centre = np.float32(mean[g])
        for c in range(g * group, (g + 1) * group):
            scale = gamma[c] * r[g]
            table[CENTRE, c], table[SCALE, c] = centre, scale
            table[SHIFT, c] = beta[c] - (mean[g] - centre) * scale
    for k in range(3):
        repeat(table[k], C)


@jit.helper
def _add_four(a, b, c, d, shift, s, q):
    """Sums and sums of squares of four rows: sums are read and written a quarter as often as values."""
    for i in range(shift.size):
        e, f, g, h = a[i] - shift[i], b[i] - shift[i], c[i] - shift[i], d[i] - shift[i]
        s[i] += (e + f) + (g + h)
        q[i] += (e * e + f * f) + (g * g + h * h)


@jit.helper
def _add_one(a, shift, s, q):
    """Sums and sums of squares of one row, which may be the last and short."""
    for i in range(a.size):
        e = a[i] - shift[i]
        s[i] += e
        q[i] += e * e


@jit.helper
def add_rows(x, row, last, shift, sums, totals):
    """Add up the rows from `row` to `last`, of x less the shift and of its square."""
    L = shift.size
    sums[:] = 0
    totals[:] = 0
    while row < last:
        stop = min(last, row + BLOCK)
        while row + 4 <= stop and (row + 4) * L <= x.size:
            four = x[row * L : (row + 4) * L].reshape(4, L)
            _add_four(four[0], four[1], four[2], four[3], shift, sums[0], sums[1])
            row += 4
        while row < stop:
            _add_one(x[row * L : (row + 1) * L], shift, sums[0], sums[1])
            row += 1
        fold(sums, totals)


@jit.helper
def total(totals, k, c):
    """The total k of channel c, over all shards."""
    result = 0.0
    for shard in range(len(totals)):
        result += totals[shard, k, c]
    return result


@jit.helper
def _conclude(totals, M, shift, eps, statistics):
    """Mean, variance and r of each channel, from the sums of M values less the shift, and of their squares."""
    for c in range(totals.shape[2]):
        deviation = total(totals, 0, c) / M
        variance = total(totals, 1, c) / M - deviation * deviation
        statistics[0, c] = shift[c] + deviation
        statistics[1, c] = 0 if variance < 0 else variance
        statistics[2, c] = 1 / np.sqrt(statistics[1, c] + eps)


@jit.kernel
def _statistics(x, gamma, beta, eps, statistics, table, sums, totals):
    """Mean, variance and r of each channel, and the table. sums (shards, 2, L), totals (shards, 2, C): scratch."""
    shards, _, L = sums.shape
    near_mean(x, gamma.size, table[CENTRE])
    rows = -(-x.size // L)
    for shard in prange(shards):
        first, last = jit.share(shard, shards, rows)
        add_rows(x, first, last, table[CENTRE], sums[shard], totals[shard])
    _conclude(totals, x.size // gamma.size, table[CENTRE], eps, statistics)
    tabulate(statistics[0], statistics[2], gamma, beta, table)
