"""Arrays in bfloat16, as the left operands of products: of uint16, since NumPy has no name for these numbers.

A tile reads a number and its neighbour in memory at once. Where the neighbours are wanted of something that is further
apart, such as the rows of a matrix that is transposed, both are put beside each other first: see `paired`.
"""

import numpy as np
from numba import prange

from backhand.arrays import Array
from backhand.kernels import buffers, jit
from backhand.kernels.blocks.frames import NO_MARGINS
from backhand.kernels.simd import W, pair_halves, round_vector
from backhand.windows import Pair

HALF, WORD, FLOAT = 2, 4, 4  # bytes
SLACK = 2  # numbers behind the last one: a pair may begin with that


def is_rounded(x: Array) -> bool:
    """Whether an array is in bfloat16."""
    return x.dtype == np.uint16


def rounded(x: Array, margins: tuple[Pair, Pair] = NO_MARGINS) -> Array:
    """x in bfloat16; images (N, H, W, C) with rows (top, bottom) and columns (left, right) of zeros around them."""
    if margins == NO_MARGINS:
        goal = empty(x.shape)
        _round(x.reshape(-1), goal.reshape(-1), jit.shards(x.size))
        return goal
    (N, H, Wd, C), ((top, bottom), (left, right)) = x.shape, margins
    goal = empty((N, H + top + bottom, Wd + left + right, C))
    layout = np.array((N, H, Wd * C, top, bottom, left * C, right * C), np.int64)
    _round_framed(x.reshape(-1), goal.reshape(-1), layout, jit.shards(x.size))
    return goal


def paired(x: Array, distance: int) -> Array:
    """x in bfloat16, each number beside the one so far behind it, or beside 0 where there is none: (*x.shape, 2)."""
    goal = buffers.empty((*x.shape, 2), np.uint16)
    _pair(x.reshape(-1), distance, goal.reshape(-1), jit.shards(x.size))
    return goal


def empty(shape: tuple[int, ...]) -> Array:
    """An array in bfloat16, whose values are whatever its memory held before."""
    size = int(np.prod(shape))
    memory = buffers.empty((size + SLACK,), np.uint16)
    memory[size:] = 0
    return memory[:size].reshape(shape)


@jit.helper
def _round_row(goal, source, count):
    """Round so many numbers; both are addresses."""
    for i in range(0, count, W):
        round_vector(goal + HALF * i, source + FLOAT * i, count - i)


@jit.kernel
def _round(x, goal, shards):
    for shard in prange(shards):
        first, last = jit.share(shard, shards, x.size)
        _round_row(goal.ctypes.data + HALF * first, x.ctypes.data + FLOAT * first, last - first)


@jit.kernel
def _round_framed(x, goal, layout, shards):
    """Rows of L values, H to an image, into rows with zeros around them; layout: see `rounded`."""
    N, H, L, above, below, before, after = layout
    row = before + L + after
    image = (above + H + below) * row
    for shard in prange(shards):
        first, last = jit.share(shard, shards, N)
        for n in range(first, last):
            goal[n * image : n * image + above * row] = 0
            goal[(n + 1) * image - below * row : (n + 1) * image] = 0
            for p in range(H):
                start = n * image + (above + p) * row
                goal[start : start + before] = 0
                goal[start + before + L : start + row] = 0
                source = x.ctypes.data + FLOAT * (n * H + p) * L
                _round_row(goal.ctypes.data + HALF * (start + before), source, L)


@jit.kernel
def _pair(x, distance, goal, shards):
    for shard in prange(shards):
        first, last = jit.share(shard, shards, x.size)
        for i in range(first, last, W):
            low = x.ctypes.data + HALF * i
            pair_halves(goal.ctypes.data + WORD * i, low, low + HALF * distance, last - i, x.size - distance - i)
