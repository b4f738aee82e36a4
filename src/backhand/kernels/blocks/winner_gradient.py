"""The gradient of a convolution's weights where ReLU and pooling by 2 x 2 follow, from the winners alone.

    dw[i, j, c, o] = sum over windows of dy[window, o] x[pixel of its winner for o, moved by (i, j), c]

One entry of four has a gradient, so these are a fourth of the products, and dz is not computed for them.
Derivation: docs/derivations/max_pool2d.md
"""

from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numba import prange
from numpy.typing import NDArray

from backhand.arrays import Array, Shape
from backhand.kernels import buffers, jit
from backhand.kernels.blocks.packing import FLOATS
from backhand.kernels.blocks.pooling import add_gradients
from backhand.kernels.simd import PERMUTE, REGISTERS, W, call_winners, flush_denormals, restore_denormals, winners
from backhand.windows import Windows

FULL = 0.5  # vectors must be so full, or more
SUMS = 25 if REGISTERS == 32 else 10  # registers for sums; the others hold x, dy and which entry wins
BAND = 4000  # values of x that are read for one channel after the other: they stay in the first-level cache


class Plan(NamedTuple):
    """How the sums are cut up.

    passes: for some kernel rows at a time, the address of their sums and the first of them.   steps: the values down,
    right, row, column and kernel_row of `simd.winners`.   outputs: how many channels a call sums, the distances of sums
    from one channel to the next, from one kernel row to the next and within it, the lanes of the last vector (0: those
    of the channels that are left), and how many rows of windows are taken at a time.   permuted: see `simd.winners`.
    """

    passes: Array
    steps: tuple[int, ...]
    outputs: tuple[int, ...]
    permuted: bool


@lru_cache(maxsize=256)
def choose_plan(x_shape: Shape, w_shape: Shape, windows: Windows) -> Plan | None:
    """How to add up, or None where the products of dz are as fast.

    With one channel in, a vector holds channels out; with more, what a kernel row sees.
    """
    (_, _, Wd, C), (kh, kw, c, O) = x_shape, w_shape
    (down, right), row = windows.stride, Wd * C
    P, Q = (n // 2 for n in windows.places)
    if c < C or windows.dilation != (1, 1) or not P * Q:
        return None
    length = kw * C
    permuted = bool(PERMUTE) and C == 1 and kw + right <= W // 2
    size = kw if permuted else -(-length // W)
    if size > SUMS or (length < FULL * size * W and not permuted):
        return None
    most = SUMS // size
    passes = [(winners(int(permuted), rows, size), i) for i, rows in _cut(kh, most)]
    steps = down * row, right * C, 2 * down * row, 2 * right * C, row
    if permuted:
        outputs = W, 1, kw * O, O, 0, P
    else:
        band = max(1, (BAND // row - kh) // (2 * down))
        outputs = 1, kh * length, length, length, length - (size - 1) * W, band
    return Plan(np.array(passes, np.int64), steps, outputs, permuted)


def _cut(rows: int, most: int) -> list[tuple[int, int]]:
    """The kernel rows in as few runs of at most `most` rows as possible, about equally long: (first row, rows)."""
    count = -(-rows // most)
    edges = [i * rows // count for i in range(count + 1)]
    return [(a, b - a) for a, b in pairwise(edges)]


@jit.kernel
def _gradient(passes, x, dy, winner, shape, steps, outputs, sums, totals):
    """The sums of each shard of the images, and the totals of dy where a window has a winner.

    passes, steps and outputs: see `Plan`.   shape: (P, Q, O) of the windows.
    """
    P, Q, O = shape
    down, right, row, column, kernel_row = steps
    channels, next_channel, next_row, pitch, lanes, band = outputs
    shards, N = len(sums), dy.size // (P * Q * O)
    image = x.size // N
    for shard in prange(shards):
        old = flush_denormals()
        sums[shard] = 0
        totals[shard] = 0
        goal, row_sums = sums[shard].ctypes.data, np.empty(O, np.float32)
        first, last = jit.share(shard, shards, N)
        for n in range(first, last):
            for p in range(0, P, band):
                window = (n * P + p) * Q * O
                for k in range(len(passes)):
                    address, i = passes[k, 0], passes[k, 1]
                    xa = x.ctypes.data + FLOATS * (n * image + p * row + i * kernel_row)
                    for o in range(0, O, channels):
                        call_winners(
                            address,
                            x=xa,
                            down=down,
                            right=right,
                            row=row,
                            column=column,
                            kernel_row=kernel_row,
                            dy=dy.ctypes.data + FLOATS * (window + o),
                            winner=winner.ctypes.data + window + o,
                            P=min(band, P - p),
                            Q=Q,
                            O=O,
                            sums=goal + FLOATS * (o * next_channel + i * next_row),
                            pitch=pitch,
                            lanes=lanes if lanes else min(W, O - o),
                        )
            windows = slice(n * P * Q * O, (n + 1) * P * Q * O)
            add_gradients(dy[windows], winner[windows], row_sums, totals[shard])
        restore_denormals(old)


def weight_gradient(
    plan: Plan, x: Array, dy: Array, winner: NDArray[np.uint8], dw: Array, db: Array | None = None
) -> None:
    """Write the gradients of the weights and of the bias to dw and db, from x with its padding."""
    O = dw.shape[-1]
    shards = jit.shards(dy.size * (dw.size // O) // jit.PRODUCTS)
    sums, totals = buffers.empty((shards, dw.size)), np.empty((shards, O))
    _gradient(
        *(plan.passes, x.reshape(-1), dy.reshape(-1), winner.reshape(-1), dy.shape[1:], plan.steps, plan.outputs),
        *(sums, totals),
    )
    by_shard = sums.reshape(shards, -1, O) if plan.permuted else sums.reshape(shards, O, -1).transpose(0, 2, 1)
    np.sum(by_shard, 0, out=dw.reshape(-1, O))
    if db is not None:
        db[...] = totals.sum(0)
