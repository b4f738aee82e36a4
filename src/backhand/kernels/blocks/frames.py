"""Images into a frame of zeros; on the way, what a backward pass does to a gradient first."""

import numpy as np
from numba import prange

from backhand.arrays import Array
from backhand.kernels import buffers, jit
from backhand.windows import Pair

NOTHING = np.zeros(0, np.float32)
NO_MARGINS = ((0, 0), (0, 0))


@jit.helper
def _copy(source, mask, goal):
    """Values where the mask is above 0; all where there is none."""
    if mask.size:
        for i in range(goal.size):
            goal[i] = source[i] if mask[i] > 0 else np.float32(0)
    else:
        for i in range(goal.size):
            goal[i] = source[i]


@jit.helper
def _add(row, total):
    for i in range(total.size):
        total[i] += row[i]


@jit.kernel
def _frame(x, y, to, H, L, above, below, before, after, sums):
    """Rows of L values, H to an image, into rows of before + L + after; `above` and `below` rows of zeros.

    Where y is given, values are taken only where y > 0.   sums (parts, C): the sum of each channel over each part; the
    rows are added up as they are, and then the channels of one row: vectors are full, and few values meet.
    """
    parts, C = sums.shape
    row = before + L + after
    image = (above + H + below) * row
    N = x.size // max(H * L, 1)
    for part_ in prange(parts):
        part = np.int64(part_)
        own = np.zeros(L if C else 0, np.float32)
        for n in range(part * N // parts, (part + 1) * N // parts):
            to[n * image : n * image + above * row] = 0
            to[(n + 1) * image - below * row : (n + 1) * image] = 0
            for p in range(H):
                here = slice((n * H + p) * L, (n * H + p + 1) * L)
                start = n * image + (above + p) * row
                to[start : start + before] = 0
                to[start + before + L : start + row] = 0
                goal = to[start + before : start + before + L]
                _copy(x[here], y[here] if y.size else y, goal)
                if C:
                    _add(goal, own)
        sums[part] = 0
        for q in range(0, own.size, max(C, 1)):
            _add(own[q : q + C], sums[part])


@jit.kernel
def _sums(x, L, sums):
    """As in `_frame`, of rows of L values as they lie."""
    parts, C = sums.shape
    rows = x.size // max(L, 1)
    for part_ in prange(parts):
        part = np.int64(part_)
        own = np.zeros(L, np.float32)
        for n in range(part * rows // parts, (part + 1) * rows // parts):
            _add(x[n * L : (n + 1) * L], own)
        sums[part] = 0
        for q in range(0, L, max(C, 1)):
            _add(own[q : q + C], sums[part])


def frame(
    x: Array, margins: tuple[Pair, Pair] = NO_MARGINS, y: Array | None = None, sums: Array | None = None
) -> Array:
    """x (N, H, W, C) with rows and columns of zeros around: ((top, bottom), (left, right)).

    Only values where y > 0, if there is a y of x's shape. sums (C,) becomes the sum of each channel; sums (S, C) those
    over each S-th of the images. Where nothing changes, it is x itself.
    """
    N, H, Wd, C = x.shape
    (top, bottom), (left, right) = margins
    parts = buffers.empty((jit.threads(), 0) if sums is None else (jit.threads(), C) if sums.ndim == 1 else sums.shape)
    if y is None and margins == NO_MARGINS:
        to = x
        if sums is not None:
            _sums(x.reshape(-1), Wd * C, parts)
    else:
        to = buffers.empty((N, H + top + bottom, Wd + left + right, C))
        mask = NOTHING if y is None else y.reshape(-1)
        _frame(x.reshape(-1), mask, to.reshape(-1), H, Wd * C, top, bottom, left * C, right * C, parts)
    if sums is not None:
        sums[...] = parts.sum(0) if sums.ndim == 1 else parts
    return to
