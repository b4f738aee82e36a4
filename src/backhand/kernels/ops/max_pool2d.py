"""Max-pooling: see `ops.max_pool2d`. Windows of 2 x 2 side by side have code of their own, which writes dx once."""

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
from backhand.windows import Padding, Pair, Size, Windows


class Cache(NamedTuple):
    """`winner` (N, H', W', C), uint8."""

    winner: NDArray[np.uint8]
    windows: Windows
    x_shape: Shape


def forward(
    x: Array, *, window: Size = 2, stride: Size | None = None, padding: Padding = 0, relu: bool = False
) -> tuple[Array, Cache | reference.Cache]:
    """As the reference; with `relu`, max(y, 0), and no winner where y is 0."""
    windows = reference.pooling_windows(x.shape, window, stride, padding)
    if windows.window[0] * windows.window[1] > NONE:
        return _large(x, windows, relu)
    y = buffers.empty((len(x), *windows.places, x.shape[3]))
    winner = buffers.empty(y.shape, np.uint8)
    pool(x, windows, relu, y, winner)
    return y, Cache(winner, windows, x.shape)


def pool(x: Array, windows: Windows, relu: bool, y: Array, winner: NDArray[np.uint8]) -> None:
    """y and the winners, into their arrays."""
    arrays, shape = (x.reshape(-1), y.reshape(-1), winner.reshape(-1)), x.shape[1:]
    if is_pairs(windows):
        _forward_pairs(*arrays, shape, relu, jit.threads())
    else:
        _forward(*arrays, shape, _geometry(windows), relu, jit.threads())


def backward(
    dy: Array,
    cache: Cache | reference.Cache,
    *,
    margins: tuple[Pair, Pair] = NO_MARGINS,
    sums: Array | None = None,
) -> tuple[Array]:
    """As the reference; dx with rows and columns of zeros around: ((top, bottom), (left, right)).

    sums (C,) becomes the sum of each channel of dx.
    """
    if isinstance(cache, reference.Cache):
        return (frame(reference.backward(dy, cache)[0], margins, sums=sums),)
    winner, windows, (N, H, W, C) = cache
    (top, bottom), (left, right) = margins
    dx = buffers.empty((N, top + H + bottom, left + W + right, C))
    parts = jit.threads()
    totals = np.empty((parts, 0 if sums is None else C))
    arrays = dy.reshape(-1), winner.reshape(-1), dx.reshape(-1)
    P, Q = windows.places
    if is_pairs(windows):
        around = top, bottom + H - 2 * P, left * C, (right + W - 2 * Q) * C  # with what no window sees
        _backward_pairs(*arrays, (P, Q, C), around, totals)
    else:
        _backward(*arrays, dx.shape[1:], _geometry(windows), (top, left), totals)
    if sums is not None:
        sums[...] = totals.sum(0)
    return (dx,)


def is_pairs(windows: Windows) -> bool:
    """Whether these are windows of 2 x 2 side by side."""
    return windows.window == windows.stride == (2, 2) and windows.padding == NO_MARGINS


def _geometry(windows: Windows) -> tuple[int, ...]:
    (top, _), (left, _) = windows.padding
    return *windows.window, *windows.stride, top, left, *windows.places


def _large(x: Array, windows: Windows, relu: bool) -> tuple[Array, reference.Cache]:
    """Windows with more entries than a byte can tell apart."""
    y, cache = reference.forward(x, window=windows.window, stride=windows.stride, padding=windows.padding)
    if not relu:
        return y, cache
    nobody = np.iinfo(np.uint32).max
    winner = np.where(y > 0, cache.winner, np.uint32(nobody))
    return np.maximum(y, 0), cache._replace(winner=winner)


@jit.kernel
def _forward_pairs(x, y, winner, shape, relu, parts):
    H, W, C = shape
    P, L, row = H // 2, W // 2 * C, W * C
    count = x.size // (H * row) * P
    for part_ in prange(parts):
        part = np.int64(part_)
        for place in range(part * count // parts, (part + 1) * count // parts):
            start = (place // P * H + place % P * 2) * row
            out, which = y[place * L : (place + 1) * L], winner[place * L : (place + 1) * L]
            pool_pairs(x[start : start + row], x[start + row : start + 2 * row], C, out, which, relu)


@jit.helper
def _take(x, k, y, winner):
    """Values that are larger than the best so far take their place."""
    for i in range(y.size):
        y[i], winner[i] = larger(x[i], k, y[i], winner[i])


@jit.helper
def _pool_row(x, n, p, shape, geometry, y, winner):
    """Any windows; those that stand on the same rows."""
    H, W, C = shape
    kh, kw, sh, sw, top, left, _, Q = geometry
    y[:] = -np.inf
    for q in range(Q):
        u, v = p * sh - top, q * sw - left
        best, which = y[q * C : (q + 1) * C], winner[q * C : (q + 1) * C]
        which[:] = 0 if u >= 0 and v >= 0 else NONE  # where every value is -inf: the first entry, if it is a pixel
        for i in range(max(0, -u), min(kh, H - u)):
            for j in range(max(0, -v), min(kw, W - v)):
                start = ((n * H + u + i) * W + v + j) * C
                _take(x[start : start + C], i * kw + j, best, which)


@jit.kernel
def _forward(x, y, winner, shape, geometry, relu, parts):
    P, L = geometry[6], geometry[7] * shape[2]
    count = y.size // L
    for part_ in prange(parts):
        part = np.int64(part_)
        for place in range(part * count // parts, (part + 1) * count // parts):
            out, which = y[place * L : (place + 1) * L], winner[place * L : (place + 1) * L]
            _pool_row(x, place // P, place % P, shape, geometry, out, which)
            if relu:
                rectify(out, which)


@jit.kernel
def _backward_pairs(dy, winner, dx, shape, around, totals):
    """shape: (P, Q, C) of the windows. around: rows above and below, values before and after."""
    P, Q, C = shape
    above, below, before, after = around
    L = Q * C
    row = before + 2 * L + after
    image = (above + 2 * P + below) * row
    parts, N = len(totals), dx.size // image
    for part_ in prange(parts):
        part = np.int64(part_)
        totals[part] = 0
        sums = np.zeros(C, np.float32)
        for n in range(part * N // parts, (part + 1) * N // parts):
            dx[n * image : n * image + above * row] = 0
            dx[(n + 1) * image - below * row : (n + 1) * image] = 0
            for place in range(n * P, (n + 1) * P):
                g, which = dy[place * L : (place + 1) * L], winner[place * L : (place + 1) * L]
                a = n * image + (above + 2 * (place - n * P)) * row
                b = a + row
                for start in (a, b):
                    dx[start : start + before] = 0
                    dx[start + before + 2 * L : start + row] = 0
                unpool_pairs(g, which, C, dx, a + before, b + before, sums)
            for c in range(totals.shape[1]):  # image by image: few float32 are added to one another
                totals[part, c] += sums[c]
            sums[:] = 0


@jit.helper
def _scatter(dy, winner, kw, W, dx, start):
    """Add the gradient of a window to the pixels of its winners; its first entry is at `start`, a row has W pixels."""
    C = dy.size
    for c in range(C):
        k = np.int64(winner[c])
        if k != NONE:
            dx[start + (k // kw * W + k % kw) * C + c] += dy[c]


@jit.kernel
def _backward(dy, winner, dx, shape, geometry, margins, totals):
    """shape: (H, W, C) of dx with its margins."""
    H, W, C = shape
    _, kw, sh, sw, top, left, P, Q = geometry
    parts, N = len(totals), dx.size // (H * W * C)
    for part_ in prange(parts):
        part = np.int64(part_)
        totals[part] = 0
        sums = np.empty(totals.shape[1], np.float32)
        for n in range(part * N // parts, (part + 1) * N // parts):
            dx[n * H * W * C : (n + 1) * H * W * C] = 0
            for p in range(P):
                row = (n * P + p) * Q * C
                g, which = dy[row : row + Q * C], winner[row : row + Q * C]
                for q in range(Q):
                    u, v = margins[0] + p * sh - top, margins[1] + q * sw - left
                    _scatter(g[q * C : (q + 1) * C], which[q * C : (q + 1) * C], kw, W, dx, ((n * H + u) * W + v) * C)
                if sums.size:
                    add_gradients(g, which, sums, totals[part])


KERNEL = Kernel(forward, backward)
