"""The gradient of a convolution's weights where ReLU and pooling by 2 x 2 follow, from the winners alone.

    dw[i, j, c, o] = sum over windows of dy[window, o] x[pixel of its winner for o, moved by (i, j), c]

One entry of four has a gradient, so these are a fourth of the products, and dz is not made for them.
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
BAND = 4000  # values of x that are read for all channels in turn: they stay in the first-level cache


class Plan(NamedTuple):
    """How the sums are cut up; see `_gradient`."""

    passes: Array
    steps: tuple[int, ...]
    outputs: tuple[int, ...]
    permuted: bool


@lru_cache(maxsize=256)
def plan(x_shape: Shape, w_shape: Shape, windows: Windows) -> Plan | None:
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
    """Kernel rows as few runs of about equal length: (first, how many)."""
    count = -(-rows // most)
    edges = [i * rows // count for i in range(count + 1)]
    return [(a, b - a) for a, b in pairwise(edges)]


@jit.kernel
def _gradient(passes, x, dy, winner, shape, steps, outputs, sums, totals):
    """The sums of each part of the images, and of dy where a window has a winner.

    passes: the address of the sums of some kernel rows, and the first of them.   shape: (P, Q, O).   steps: see
    `winners`.   outputs: channels at a time, and how far apart sums are of channels, of kernel rows and within;
    lanes; rows of windows at a time.
    """
    P, Q, O = shape
    down, right, row, column, kernel_row = steps
    channels, next_channel, next_row, pitch, lanes, band = outputs
    parts, N = len(sums), dy.size // (P * Q * O)
    image = x.size // N
    for part_ in prange(parts):
        part = np.int64(part_)
        old = flush_denormals()
        sums[part] = 0
        totals[part] = 0
        own, some = sums[part].ctypes.data, np.empty(O, np.float32)
        for n in range(part * N // parts, (part + 1) * N // parts):
            for p in range(0, P, band):
                here = (n * P + p) * Q * O
                for k in range(len(passes)):
                    address, i = passes[k, 0], passes[k, 1]
                    xa = x.ctypes.data + FLOATS * (n * image + p * row + i * kernel_row)
                    for o in range(0, O, channels):
                        live = lanes if lanes else min(W, O - o)
                        call_winners(
                            address,
                            x=xa,
                            down=down,
                            right=right,
                            row=row,
                            column=column,
                            kernel_row=kernel_row,
                            dy=dy.ctypes.data + FLOATS * (here + o),
                            winner=winner.ctypes.data + here + o,
                            P=min(band, P - p),
                            Q=Q,
                            O=O,
                            sums=own + FLOATS * (o * next_channel + i * next_row),
                            pitch=pitch,
                            lanes=live,
                        )
            all_of_it = slice(n * P * Q * O, (n + 1) * P * Q * O)
            add_gradients(dy[all_of_it], winner[all_of_it], some, totals[part])
        restore_denormals(old)


def weight_gradient(
    how: Plan, x: Array, dy: Array, winner: NDArray[np.uint8], dw: Array, db: Array | None = None
) -> None:
    """dw and db, from x with its padding."""
    parts, (*_, O) = jit.threads(), dw.shape
    sums, totals = buffers.empty((parts, dw.size)), np.empty((parts, O))
    _gradient(
        *(how.passes, x.reshape(-1), dy.reshape(-1), winner.reshape(-1), dy.shape[1:], how.steps, how.outputs),
        *(sums, totals),
    )
    each = sums.reshape(parts, -1, O) if how.permuted else sums.reshape(parts, O, -1).transpose(0, 2, 1)
    np.sum(each, 0, out=dw.reshape(-1, O))
    if db is not None:
        db[...] = totals.sum(0)
