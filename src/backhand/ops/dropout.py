"""Dropout: each value is zeroed with probability p, independently.

                 training               inference
    inverted     y = x m / (1 - p)      y = x             (the default)
    classic      y = x m                y = x (1 - p)

    dx = dy times the same factor that forward applied to x

m is 1 where a value is kept. Both modes have E[y] equal in training and at inference; a network trained in one mode
must be used in the same. Source: Srivastava et al. 2014, JMLR 15. Derivation: docs/derivations/dropout.md
"""

import numpy as np

from backhand.arrays import Array

MODES = ("inverted", "classic")


def draw_mask(shape: tuple[int, ...], p: float, key: int, first: int = 0) -> Array:
    """True with probability 1 - p: the values to keep. The same key, 0 to 2^64 - 1, always gives the same mask.

    first: the index of the first value, where the array is a share of a larger one.
    Value i, in C order, is kept where a hash of i and the key, of 32 bits, is p 2^32 or more. No value waits for the
    one before, so a kernel can make any part of the mask, and make it again.
    Source: Salmon et al. 2011, SC (random numbers by counting); Wellons 2018, Prospecting for Hash Functions.
    """
    low, high = words(key)
    i = np.arange(first, first + np.prod(shape, dtype=np.int64)).astype(np.uint32)
    return (_mix(_mix(i ^ np.uint32(low)) ^ np.uint32(high)) >= np.uint32(threshold(p))).reshape(shape)


def _mix(h: Array) -> Array:
    """Spread every bit of a uint32 over all of them, one to one."""
    h = (h ^ (h >> 16)) * np.uint32(0x7FEB352D)
    h = (h ^ (h >> 15)) * np.uint32(0x846CA68B)
    return h ^ (h >> 16)


def words(key: int) -> tuple[int, int]:
    """The lower and the upper 32 bits. Raises ValueError for a key that has more than 64."""
    if not 0 <= key < 2**64:
        raise ValueError(f"the dropout key must be in [0, 2^64), not {key}")
    return key & 0xFFFFFFFF, key >> 32


def threshold(p: float) -> int:
    """The least hash of a value that is kept."""
    return min(round(p * 2**32), 2**32 - 1)


def check(x: Array, p: float, mask: Array | None, key: int | None, mode: str) -> None:
    """Raises ValueError as `forward` says."""
    if not 0 <= p < 1:
        raise ValueError(f"the dropout probability must be in [0, 1), not {p}")
    if mode not in MODES:
        raise ValueError(f'the dropout mode must be "inverted" or "classic", not "{mode}"')
    if mask is not None and key is not None:
        raise ValueError("dropout takes a mask or the key to one, not both")
    if mask is not None and mask.shape != x.shape:
        raise ValueError(f"the dropout mask must have the shape of x, {x.shape}, not {mask.shape}")


def forward(
    x: Array, *, p: float, mask: Array | None = None, key: int | None = None, first: int = 0, mode: str = "inverted"
) -> tuple[Array, Array]:
    """x of any shape, p in [0, 1) -> y of that shape. A mask (x's shape, True = keep) or a key trains; else inference.

    first: with a key, the index of x's first value, where x is a share of a larger array.

    The cache is the factor that x was multiplied by. Raises ValueError for a p outside [0, 1), an unknown mode, a mask
    of another shape, a key outside [0, 2^64), and for a mask with a key.
    """
    check(x, p, mask, key, mode)
    if key is not None:
        mask = draw_mask(x.shape, p, key, first)
    keep = np.asarray(1 if mask is None else mask, x.dtype)
    if mask is None:
        factor = keep if mode == "inverted" else keep * x.dtype.type(1 - p)
    else:
        factor = keep / x.dtype.type(1 - p) if mode == "inverted" else keep
    return x * factor, factor


def backward(dy: Array, factor: Array) -> tuple[Array]:
    """dy -> dx, both of x's shape."""
    return (dy * factor,)
