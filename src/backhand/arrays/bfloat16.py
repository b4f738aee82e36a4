"""Rounding to bfloat16: the upper half of a float32, with its range, and 8 binary digits instead of 24."""

import numpy as np

from backhand.arrays import Array


def rounded(x: Array) -> Array:
    """The nearest numbers in bfloat16, of two as near the even one, in the dtype of x; denormal ones become 0.

    Source: Intel 2023, Intel Architecture Instruction Set Extensions Programming Reference, VCVTNEPS2BF16.
    """
    bits = np.ascontiguousarray(x, np.float32).view(np.uint32)
    nearest = (bits + (0x7FFF + (bits >> 16 & 1)).astype(np.uint32)) & np.uint32(0xFFFF0000)
    nearest = np.where(bits & 0x7F800000, nearest, bits & 0x80000000)
    return np.where(np.isnan(x), x, nearest.astype(np.uint32).view(np.float32)).astype(x.dtype).reshape(x.shape)
