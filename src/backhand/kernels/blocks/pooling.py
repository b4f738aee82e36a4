"""Max-pooling over windows of 2 x 2 side by side, a row of windows at a time: see `simd.pooling`.

    y[p, q] = max of x[2p, 2q], x[2p, 2q + 1], x[2p + 1, 2q], x[2p + 1, 2q + 1]         the winner has the gradient

A window's winner is a byte: which entry it is, or NONE where no pixel has the gradient.
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
    """The larger of a value, entry k, and the best so far, and which entry that is. NaN stays, of either."""
    better = value > best
    return (value if better | (value != value) else best), (np.uint8(k) if better else entry)


@jit.helper
def pool_pairs(upper, lower, C, y, winner, relu):
    """Pool a row of windows, from the two rows of pixels that they see; with relu, rectify the results too."""
    pool_row(
        upper=upper.ctypes.data,
        lower=lower.ctypes.data,
        y=y.ctypes.data,
        winner=winner.ctypes.data,
        windows=y.size // C,
        C=C,
        relu=relu,
    )


@jit.helper
def rectify(y, winner):
    """Replace y by max(y, 0); where that is 0 there is no winner."""
    for i in range(y.size):
        value = y[i]
        winner[i] = winner[i] if value > 0 else np.uint8(NONE)
        y[i] = np.float32(0) if value < 0 else value  # NaN stays NaN


@jit.helper
def unpool_pairs(dy, winner, C, dx, upper, lower, sums):
    """Write the gradient of the two rows of pixels that a row of windows sees, and add it to the sums of channels.

    The rows begin at `upper` and `lower` in dx.
    """
    unpool_row(
        dy=dy.ctypes.data,
        winner=winner.ctypes.data,
        upper=dx[upper:].ctypes.data,
        lower=dx[lower:].ctypes.data,
        sums=sums.ctypes.data,
        windows=dy.size // C,
        C=C,
    )


@jit.helper
def add_winners(dy, winner, upper, lower, centre, sums):
    """For each channel, add dy to sums[0] and dy (x - centre) to sums[1], x being the pixel that won."""
    C = sums.shape[1]
    add_winners_row(
        dy=dy.ctypes.data,
        winner=winner.ctypes.data,
        upper=upper.ctypes.data,
        lower=lower.ctypes.data,
        centre=centre.ctypes.data,
        sums=sums[0].ctypes.data,
        products=sums[1].ctypes.data,
        windows=dy.size // C,
        C=C,
    )


@jit.helper
def add_gradients(dy, winner, row, total):
    """Add the gradient of a row of windows to the total of each channel; `row` is scratch memory for C sums."""
    C = total.size
    row[:] = 0
    for start in range(0, dy.size, C):
        g, which = dy[start : start + C], winner[start : start + C]
        for c in range(C):
            value = g[c]
            row[c] += value if which[c] != NONE else np.float32(0)
    for c in range(C):
        total[c] += row[c]
