"""Max-pooling, see `ops.max_pool2d`: y = max of the window, and dx is dy at the first entry that has the maximum.

Windows of 2 x 2 side by side have code of their own, which writes each value of dx once.
"""

from typing import NamedTuple

import numpy as np
from numba import prange
from numpy.typing import NDArray

from backhand.arrays import Array, Shape
from backhand.kernels import buffers, jit
from backhand.kernels.blocks.frames import NO_MARGINS, frame
from backhand.kernels.blocks.pooling import NONE, add_gradients, larger, pool_pairs, rectify, unpool_pairs
from backhand.kernels.kernel import Kernel
from backhand.ops import max_pool2d as reference
from backhand.windows import Padding, Pair, Size, Windows, pooling_windows


class Cache(NamedTuple):
    """What backward needs: winner (N, P, Q, C), uint8, says which entry of its window is the maximum."""

    winner: NDArray[np.uint8]
    windows: Windows
    x_shape: Shape


def forward(
    x: Array, *, window: Size = 2, stride: Size | None = None, padding: Padding = 0, relu: bool = False
) -> tuple[Array, Cache | reference.Cache]:
    """Compute what `ops.max_pool2d.forward` does; with `relu`, max(y, 0), and no winner where y is 0."""
    windows = pooling_windows(x.shape, window, stride, padding)
    if windows.window[0] * windows.window[1] > NONE:
        return _large(x, windows, relu)
    y = buffers.empty((len(x), *windows.places, x.shape[3]))
    winner = buffers.empty(y.shape, np.uint8)
    pool(x, windows, relu, y, winner)
    return y, Cache(winner, windows, x.shape)


def pool(x: Array, windows: Windows, relu: bool, y: Array, winner: NDArray[np.uint8]) -> None:
    """Write the maxima of the windows of x and their winners to y and winner."""
    arrays, shape, shards = (x.reshape(-1), y.reshape(-1), winner.reshape(-1)), x.shape[1:], jit.shards(x.size)
    if is_pairs(windows):
        _forward_pairs(*arrays, shape, relu, shards)
    else:
        _forward(*arrays, shape, _geometry(windows), relu, shards)


def backward(
    dy: Array,
    cache: Cache | reference.Cache,
    *,
    margins: tuple[Pair, Pair] = NO_MARGINS,
    sums: Array | None = None,
) -> tuple[Array]:
    """Compute what `ops.max_pool2d.backward` does.

    margins: rows (top, bottom) and columns (left, right) of zeros that dx gets around it.   sums (C,): receives the sum
    of each channel of dx.
    """
    if isinstance(cache, reference.Cache):
        return (frame(reference.backward(dy, cache)[0], margins, sums=sums),)
    winner, windows, (N, H, W, C) = cache
    (top, bottom), (left, right) = margins
    dx = buffers.empty((N, top + H + bottom, left + W + right, C))
    totals = np.empty((jit.shards(dx.size), 0 if sums is None else C))
    arrays = dy.reshape(-1), winner.reshape(-1), dx.reshape(-1)
    P, Q = windows.places
    if is_pairs(windows):
        margin = top, bottom + H - 2 * P, left * C, (right + W - 2 * Q) * C  # with what no window sees
        _backward_pairs(*arrays, (P, Q, C), margin, totals)
    else:
        _backward(*arrays, dx.shape[1:], _geometry(windows), (top, left), totals)
    if sums is not None:
        sums[...] = totals.sum(0)
    return (dx,)


def is_pairs(windows: Windows) -> bool:
    """Whether these are windows of 2 x 2 side by side."""
    return windows.window == windows.stride == (2, 2) and windows.padding == NO_MARGINS


def _geometry(windows: Windows) -> tuple[int, ...]:
    """Rows and columns of the window, of the stride, of padding in front, and of places, as kernels take them."""
    (top, _), (left, _) = windows.padding
    return *windows.window, *windows.stride, top, left, *windows.places


def _large(x: Array, windows: Windows, relu: bool) -> tuple[Array, reference.Cache]:
    """Pool windows with more entries than a byte can tell apart, by the reference."""
    y, cache = reference.forward(x, window=windows.window, stride=windows.stride, padding=windows.padding)
    if not relu:
        return y, cache
    no_winner = np.uint32(np.iinfo(np.uint32).max)
    winner = np.where(y > 0, cache.winner, no_winner)
    return np.maximum(y, 0), cache._replace(winner=winner)


@jit.kernel
def _forward_pairs(x, y, winner, shape, relu, shards):
    """shape: (H, W, C) of an image; the shards are of the rows of windows, P of them in an image."""
    H, W, C = shape
    P, L, row = H // 2, W // 2 * C, W * C  # L and row: values in a row of windows, and in a row of pixels
    count = x.size // (H * row) * P
    for shard in prange(shards):
        first, last = jit.share(shard, shards, count)
        for i in range(first, last):
            start, end = i * L, (i + 1) * L
            upper = (i // P * H + i % P * 2) * row
            lower = upper + row
            pool_pairs(x[upper:lower], x[lower : lower + row], C, y[start:end], winner[start:end], relu)


@jit.helper
def _take(x, k, y, winner):
    """Where entry k of the windows, x, is larger than the best so far, it replaces that."""
    for i in range(y.size):
        y[i], winner[i] = larger(x[i], k, y[i], winner[i])


@jit.helper
def _pool_row(x, n, p, shape, geometry, y, winner):
    """Pool the windows in row p of image n, of any size and stride."""
    H, W, C = shape
    kh, kw, sh, sw, top, left, _, Q = geometry
    y[:] = -np.inf
    for q in range(Q):
        u, v = p * sh - top, q * sw - left
        best, entry = y[q * C : (q + 1) * C], winner[q * C : (q + 1) * C]
        entry[:] = 0 if u >= 0 and v >= 0 else NONE  # where every value is -inf: the first entry, if it is a pixel
        for i in range(max(0, -u), min(kh, H - u)):
            for j in range(max(0, -v), min(kw, W - v)):
                start = ((n * H + u + i) * W + v + j) * C
                _take(x[start : start + C], i * kw + j, best, entry)


@jit.kernel
def _forward(x, y, winner, shape, geometry, relu, shards):
    """shape: (H, W, C) of an image; the shards are of the rows of windows, of L values each, P of them in an image."""
    P, L = geometry[6], geometry[7] * shape[2]
    count = y.size // L
    for shard in prange(shards):
        first, last = jit.share(shard, shards, count)
        for i in range(first, last):
            start, end = i * L, (i + 1) * L
            _pool_row(x, i // P, i % P, shape, geometry, y[start:end], winner[start:end])
            if relu:
                rectify(y[start:end], winner[start:end])


@jit.kernel
def _backward_pairs(dy, winner, dx, shape, margin, totals):
    """shape: (P, Q, C) of the windows.   margin: rows above and below, values before and after each row of dx."""
    P, Q, C = shape
    above, below, before, after = margin
    L = Q * C
    row = before + 2 * L + after
    image = (above + 2 * P + below) * row
    shards, N = len(totals), dx.size // image
    for shard in prange(shards):
        totals[shard] = 0
        sums = np.zeros(C, np.float32)
        first, last = jit.share(shard, shards, N)
        for n in range(first, last):
            dx[n * image : n * image + above * row] = 0
            dx[(n + 1) * image - below * row : (n + 1) * image] = 0
            for p in range(P):
                start, end = (n * P + p) * L, (n * P + p + 1) * L
                upper = n * image + (above + 2 * p) * row
                lower = upper + row
                for pixels in (upper, lower):
                    dx[pixels : pixels + before] = 0
                    dx[pixels + before + 2 * L : pixels + row] = 0
                unpool_pairs(dy[start:end], winner[start:end], C, dx, upper + before, lower + before, sums)
            for c in range(totals.shape[1]):  # image by image: few float32 are added to one another
                totals[shard, c] += sums[c]
            sums[:] = 0


@jit.helper
def _scatter(dy, winner, kw, W, dx, start):
    """Add the gradient of a window to its winners' pixels; the window begins at `start`, and a row has W pixels."""
    C = dy.size
    for c in range(C):
        k = np.int64(winner[c])
        if k != NONE:
            dx[start + (k // kw * W + k % kw) * C + c] += dy[c]


@jit.kernel
def _backward(dy, winner, dx, shape, geometry, margins, totals):
    """shape: (H, W, C) of dx with its margins, of which `margins` are those at the top and at the left."""
    H, W, C = shape
    _, kw, sh, sw, top, left, P, Q = geometry
    shards, N = len(totals), dx.size // (H * W * C)
    for shard in prange(shards):
        totals[shard] = 0
        sums = np.empty(totals.shape[1], np.float32)
        first, last = jit.share(shard, shards, N)
        for n in range(first, last):
            dx[n * H * W * C : (n + 1) * H * W * C] = 0
            for p in range(P):
                row, end = (n * P + p) * Q * C, (n * P + p + 1) * Q * C
                for q in range(Q):
                    u, v = margins[0] + p * sh - top, margins[1] + q * sw - left
                    window = slice(row + q * C, row + (q + 1) * C)
                    _scatter(dy[window], winner[window], kw, W, dx, ((n * H + u) * W + v) * C)
                if sums.size:
                    add_gradients(dy[row:end], winner[row:end], sums, totals[shard])


KERNEL = Kernel(forward, backward)
