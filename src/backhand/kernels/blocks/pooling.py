"""Max-pooling windows of 2 x 2 side by side, a row of windows at a time.

A window's winner is a byte: the entry, or NONE where no pixel has the gradient.
"""

from typing import Any

import numpy as np

from backhand.kernels import jit
from backhand.kernels.simd.pooling import NONE as NONE
from backhand.kernels.simd.pooling import add_winners_row, pool_row, unpool_row


def fits(layer: Any) -> bool:
    """Whether a kernel that ends with such windows can run this layer: any but poolings by other windows."""
    return layer.op_name != "max_pool2d" or (
        layer.window in (2, (2, 2))
        and layer.stride in (None, 2, (2, 2))
        and layer.padding in (0, "valid", (0, 0), ((0, 0), (0, 0)))
    )


@jit.helper
def larger(value, k, best, entry):
    """The larger of two, and which it is. NaN stays, whichever is one."""
    above = value > best
    return (value if above | (value != value) else best), (np.uint8(k) if above else entry)


@jit.helper
def pool_pairs(upper, lower, C, y, winner, relu):
    """A row of windows from the two rows of pixels that they see; with relu, as `rectify`."""
    rows, results = (upper.ctypes.data, lower.ctypes.data), (y.ctypes.data, winner.ctypes.data)
    pool_row(rows[0], rows[1], results[0], results[1], y.size // C, C, relu)


@jit.helper
def rectify(y, winner):
    """max(y, 0), and no winner where that is 0."""
    for i in range(y.size):
        value = y[i]
        winner[i] = winner[i] if value > 0 else np.uint8(NONE)
        y[i] = np.float32(0) if value < 0 else value  # NaN stays NaN


@jit.helper
def unpool_pairs(dy, winner, C, dx, upper, lower, sums):
    """The two rows of pixels that a row of windows sees, which begin at `upper` and `lower`; channels are added up."""
    first, second = dx[upper:].ctypes.data, dx[lower:].ctypes.data
    unpool_row(dy.ctypes.data, winner.ctypes.data, first, second, sums.ctypes.data, dy.size // C, C)


@jit.helper
def add_winners(dy, winner, upper, lower, centre, sums):
    """For each channel, add dy to sums[0] and dy (x - centre) to sums[1], x being the pixel that won."""
    rows, C = (upper.ctypes.data, lower.ctypes.data), sums.shape[1]
    goals = sums[0].ctypes.data, sums[1].ctypes.data
    add_winners_row(
        *(dy.ctypes.data, winner.ctypes.data, rows[0], rows[1], centre.ctypes.data, goals[0], goals[1]),
        *(dy.size // C, C),
    )


@jit.helper
def add_gradients(dy, winner, row, total):
    """To the total of each channel, the sum of a row of windows."""
    C = total.size
    row[:] = 0
    for start in range(0, dy.size, C):
        g, which = dy[start : start + C], winner[start : start + C]
        for c in range(C):
            value = g[c]
            row[c] += value if which[c] != NONE else np.float32(0)
    for c in range(C):
        total[c] += row[c]
