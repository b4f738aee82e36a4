"""Images copied into a frame of zeros, for convolutions, which then need not treat the border as a special case.

In a backward pass, the same pass over memory does what has to be done to a gradient first: the mask of ReLU,
dz = dy where y > 0, and the gradient of the bias, db = sum dz.
"""

import numpy as np
from numba import prange

from backhand.arrays import Array
from backhand.kernels import buffers, jit
from backhand.windows import Pair

NOTHING = np.zeros(0, np.float32)
NO_MARGINS = ((0, 0), (0, 0))


@jit.helper
def _copy(source, mask, goal):
    """Copy the values where the mask is above 0, and zeros elsewhere; an empty mask is none."""
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
def _frame(x, mask, framed, H, L, above, below, before, after, sums):
    """Rows of L values, H to an image, into rows of before + L + after; `above` and `below` rows of zeros.

    mask: see `_copy`.   sums (shards, C): the sum of each channel over each shard. Whole rows are added up first, then
    the channels of the row that results: so vectors are full, however few channels there are, and errors stay small.
    """
    shards, C = sums.shape
    row = before + L + after
    image = (above + H + below) * row
    N = x.size // max(H * L, 1)
    for shard in prange(shards):
        row_sums = np.zeros(L if C else 0, np.float32)
        first, last = jit.share(shard, shards, N)
        for n in range(first, last):
            framed[n * image : n * image + above * row] = 0
            framed[(n + 1) * image - below * row : (n + 1) * image] = 0
            for p in range(H):
                source = slice((n * H + p) * L, (n * H + p + 1) * L)
                start = n * image + (above + p) * row
                framed[start : start + before] = 0
                framed[start + before + L : start + row] = 0
                goal = framed[start + before : start + before + L]
                _copy(x[source], mask[source] if mask.size else mask, goal)
                if C:
                    _add(goal, row_sums)
        sums[shard] = 0
        for q in range(0, row_sums.size, max(C, 1)):
            _add(row_sums[q : q + C], sums[shard])


@jit.kernel
def _sums(x, L, sums):
    """The sums of `_frame`, of rows of L values as they lie."""
    shards, C = sums.shape
    rows = x.size // max(L, 1)
    for shard in prange(shards):
        row_sums = np.zeros(L, np.float32)
        first, last = jit.share(shard, shards, rows)
        for n in range(first, last):
            _add(x[n * L : (n + 1) * L], row_sums)
        sums[shard] = 0
        for q in range(0, L, max(C, 1)):
            _add(row_sums[q : q + C], sums[shard])


def frame(
    x: Array, margins: tuple[Pair, Pair] = NO_MARGINS, y: Array | None = None, sums: Array | None = None
) -> Array:
    """x (N, H, W, C) with zeros around it: margins are rows (top, bottom) and columns (left, right).

    y: of x's shape; values are kept where y > 0, others become 0.   sums: (C,) receives the sum of each channel;
    (S, C) receives those over each S-th of the images. Where nothing changes, the result is x itself.
    """
    N, H, Wd, C = x.shape
    (top, bottom), (left, right) = margins
    shards = jit.shards((2 if y is None else 3) * x.size)
    shape = (shards, 0) if sums is None else (shards, C) if sums.ndim == 1 else sums.shape
    shard_sums = buffers.empty(shape)
    if y is None and margins == NO_MARGINS:
        framed = x
        if sums is not None:
            _sums(x.reshape(-1), Wd * C, shard_sums)
    else:
        framed = buffers.empty((N, H + top + bottom, Wd + left + right, C))
        mask = NOTHING if y is None else y.reshape(-1)
        _frame(x.reshape(-1), mask, framed.reshape(-1), H, Wd * C, top, bottom, left * C, right * C, shard_sums)
    if sums is not None and sums.ndim == 1:
        np.add.reduce(shard_sums, out=sums)
    elif sums is not None:
        sums[...] = shard_sums
    return framed
