"""Views with strides of one's own, kept inside their array: NumPy lets them read, and crash, anywhere in memory.

Sizes that a layer was not written for, as a check tries them, would otherwise end the whole process.
"""

from typing import Any

import numpy as np
from numpy.lib import stride_tricks

_as_strided = stride_tricks.as_strided


def guard_strides() -> None:
    """Let `np.lib.stride_tricks.as_strided` raise ValueError for a view that leaves the memory of its array."""
    stride_tricks.as_strided = as_strided


def as_strided(x: Any, shape: Any = None, strides: Any = None, *args: Any, **options: Any) -> Any:
    """The view that NumPy gives. Raises ValueError where it leaves the memory of the array."""
    array = np.asanyarray(x)
    sizes = array.shape if shape is None else tuple(np.atleast_1d(shape).tolist())
    steps = array.strides if strides is None else tuple(np.atleast_1d(strides).tolist())
    if all(size > 0 for size in sizes):
        ends = [(size - 1) * step for size, step in zip(sizes, steps, strict=False)]
        first, last = np.lib.array_utils.byte_bounds(_owner(array))
        start = array.__array_interface__["data"][0]
        if start + sum(end for end in ends if end < 0) < first:
            raise ValueError("the strides lead to before the array")
        if start + sum(end for end in ends if end > 0) + array.itemsize > last:
            raise ValueError("the shape and the strides lead beyond the array")
    return _as_strided(x, shape, strides, *args, **options)


def _owner(array: Any) -> Any:
    """The array that owns the memory of a view."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array
