"""The array types that signatures name, and a sum that many ops need."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # floating point of any width: the ops keep the dtype they are given
Labels = NDArray[np.integer[Any]]
Shape = tuple[int, ...]  # of one sample, without the batch axis


def pixels(shape: Shape) -> str:
    """(16, 20, ...), height and width first -> "16 x 20 pixels (height x width)"; a square needs no such note."""
    H, W = shape[:2]
    return f"{H} x {W} pixels" + ("" if H == W else " (height x width)")


def channel_sums(x: Array) -> Array:
    """x (..., C) -> (C,): the sum over every axis but the last.

    One axis after the other: the partial sums are as small as they can be, and float32 keeps two digits that a single
    pass over all pixels of a batch would lose.
    """
    while x.ndim > 1:
        x = x.sum(0)
    return x
