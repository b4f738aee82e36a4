"""Batch normalisation: see `ops.batchnorm`. Two passes over memory forward, two backward.

Values are read as rows of L columns, a whole number of pixels: column i holds channel i mod C, so that vectors are full
however few channels there are. Forward computes y = (x - centre) scale + shift, where `centre` is the mean rounded to
float32 and the shift makes up for it. Backward needs x alone: n, and where a ReLU followed its mask, come from it.
"""

from typing import NamedTuple

import numpy as np
from numba import prange

from backhand.arrays import Array
from backhand.kernels import buffers, jit
from backhand.kernels.cpu.linear import Grads
from backhand.ops import batchnorm as reference

COLUMNS = 512  # at most, unless there are more channels: sums of them stay in the first-level cache
BLOCK = 256  # rows whose sums are float32
SAMPLE = 64  # pixels whose mean is near enough to that of all
SMALL = 32768  # values that are not worth a second thread
CENTRE, SCALE, SHIFT = range(3)


class Cache(NamedTuple):
    """What backward needs; `mean` and `var` as in the reference, in float64. table (3, L): centre, scale, shift."""

    x: Array
    gamma: Array
    mean: Array
    var: Array
    r: Array
    table: Array
    relu: bool
    constant_statistics: bool


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


def normalisation(
    x: Array, gamma: Array, beta: Array, eps: float, running: tuple[Array, Array] | None, relu: bool
) -> Cache:
    """The statistics of x, or those given, and the table that normalises with them."""
    reference.check(x, gamma, beta)
    C = gamma.size
    L = columns(x.size // C, C)
    table = np.empty((3, L), np.float32)
    if running is None:
        mean, var, r = statistics = np.empty((3, C))
        _statistics(x.reshape(-1), gamma, beta, eps, *scratch(x, L), statistics, table)
    else:
        mean, var = (np.asarray(each, np.float64) for each in running)
        r = (var + eps) ** -0.5
        tabulate(mean, r, gamma, beta, table)
    return Cache(x, gamma, mean, var, r, table, relu, running is not None)


def columns(pixels: int, C: int) -> int:
    """L: whole pixels, and where they are small whole vectors too."""
    count = max(1, min(COLUMNS // C, pixels))
    return C * (count - count % 16 if count > 16 else count)


def parts_of(x: Array) -> int:
    """How many threads share it."""
    return jit.threads() if x.size > SMALL else 1


def scratch(x: Array, L: int) -> tuple[Array, Array]:
    """Two sums of each part: of columns, and of channels."""
    parts = parts_of(x)
    return np.empty((parts, 2, L), np.float32), np.empty((parts, 2, x.shape[-1]))


@jit.helper
def fold(sums, totals):
    """Add two sums of columns to those of their channels, and begin anew."""
    C = totals.shape[1]
    for k in range(2):
        for start in range(0, sums.shape[1], C):
            for c in range(C):
                totals[k, c] += sums[k, start + c]
    sums[:] = 0


@jit.helper
def repeat(row, C):
    """The first C values again and again."""
    for i in range(C, row.size):
        row[i] = row[i - C]


@jit.helper
def _near_mean(x, C, shift):
    """The mean of some pixels, far apart, into each column. The sums of x less that lose no digits to a large mean."""
    pixels = x.size // C
    step = max(1, pixels // SAMPLE)
    shift[:C] = 0
    for pixel in range(0, pixels, step):
        for c in range(C):
            shift[c] += x[pixel * C + c]
    for c in range(C):
        mean = shift[c] / np.float32(-(-pixels // step))
        shift[c] = mean if np.isfinite(mean) else np.float32(0)
    repeat(shift, C)


@jit.helper
def tabulate(mean, r, gamma, beta, table):
    """Centre, scale and shift of each column."""
    C = gamma.size
    for c in range(C):
        centre = np.float32(mean[c])
        scale = gamma[c] * r[c]
        table[CENTRE, c], table[SCALE, c] = centre, scale
        table[SHIFT, c] = beta[c] - (mean[c] - centre) * scale
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
    """The same of one row, which may be the last and short."""
    for i in range(a.size):
        e = a[i] - shift[i]
        s[i] += e
        q[i] += e * e


@jit.helper
def _add(x, row, last, shift, sums, totals):
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
def _conclude(totals, M, shift, eps, statistics):
    """Mean, variance and r from the sums."""
    for c in range(totals.shape[2]):
        off = totals[:, 0, c].sum() / M
        variance = totals[:, 1, c].sum() / M - off * off
        statistics[0, c] = shift[c] + off
        statistics[1, c] = 0 if variance < 0 else variance
        statistics[2, c] = 1 / np.sqrt(statistics[1, c] + eps)


@jit.kernel
def _statistics(x, gamma, beta, eps, sums, totals, statistics, table):
    """Mean, variance and r of each channel, and the table. sums (parts, 2, L), totals (parts, 2, C): scratch."""
    parts, _, L = sums.shape
    _near_mean(x, gamma.size, table[CENTRE])
    rows = -(-x.size // L)
    for part_ in prange(parts):
        part = np.int64(part_)
        _add(x, part * rows // parts, (part + 1) * rows // parts, table[CENTRE], sums[part], totals[part])
    _conclude(totals, x.size // gamma.size, table[CENTRE], eps, statistics)
    tabulate(statistics[0], statistics[2], gamma, beta, table)


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
def _add_gradient(dy, x, table, relu, sums):
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
            _add_gradient(dy[row * L : (row + 1) * L], x[row * L : (row + 1) * L], table, relu, sums[part])
            if row + 1 == last or (row - first) % BLOCK == BLOCK - 1:
                fold(sums[part], totals[part])
    slope_table(totals, x.size // mean.size, mean, r, table[CENTRE], dgamma, dbeta, slopes)


@jit.helper
def slope_table(totals, M, mean, r, centre, dgamma, dbeta, slopes):
    """What `_gradient_sums` says, from the sums of g and of g (x - centre)."""
    C = mean.size
    for c in range(C):
        total = totals[:, 0, c].sum()
        rounded = mean[c] - centre[c]
        product = (totals[:, 1, c].sum() - rounded * total) * r[c]
        dbeta[c], dgamma[c] = total, product
        slope = product * r[c] / M
        slopes[0, c], slopes[1, c] = total / M - rounded * slope, slope
    repeat(slopes[0], C)
    repeat(slopes[1], C)


@jit.helper
def _gradient_row(dy, x, table, slopes, relu, dx):
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
            _gradient_row(dy[a:b], x[a:b], table, slopes, relu, dx[a:b])
