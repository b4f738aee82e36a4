"""Max-pooling windows of 2 x 2 side by side, a row of windows at a time.

A window's winner is a byte: the entry, or NONE where no pixel has the gradient.
"""

from typing import Any

import numpy as np

from backhand.kernels import jit

NONE = 255


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
def pool_pairs(upper, lower, C, y, winner):
    """A row of windows from the two rows of pixels that they see."""
    for start in range(0, y.size, C):
        a, b = upper[2 * start : 2 * start + C], upper[2 * start + C : 2 * start + 2 * C]
        c, d = lower[2 * start : 2 * start + C], lower[2 * start + C : 2 * start + 2 * C]
        out, which = y[start : start + C], winner[start : start + C]
        for i in range(C):
            best, entry = larger(b[i], 1, a[i], np.uint8(0))
            best, entry = larger(c[i], 2, best, entry)
            best, entry = larger(d[i], 3, best, entry)
            out[i] = best
            which[i] = entry


@jit.helper
def rectify(y, winner):
    """max(y, 0), and no winner where that is 0."""
    for i in range(y.size):
        value = y[i]
        winner[i] = winner[i] if value > 0 else np.uint8(NONE)
        y[i] = np.float32(0) if value < 0 else value  # NaN stays NaN


@jit.helper
def _where(dy, winner, k, dx):
    """The gradient of those windows whose winner is entry k."""
    for i in range(dy.size):
        g = dy[i]
        dx[i] = g if winner[i] == k else np.float32(0)


@jit.helper
def unpool_pairs(dy, winner, C, dx, upper, lower):
    """The two rows of pixels that a row of windows sees, which begin at `upper` and `lower`."""
    for start in range(0, dy.size, C):
        g, which = dy[start : start + C], winner[start : start + C]
        for k in range(4):
            to = (upper if k < 2 else lower) + 2 * start + k % 2 * C
            _where(g, which, k, dx[to : to + C])


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
