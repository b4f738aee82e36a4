"""Memory that is used again: a fresh large array costs a page fault for every 4 KiB, step after step.

A block is lent out as an array, and comes back by itself when the last array on it is gone: Python counts the
references, and NumPy keeps one from each view to the block below. Equal steps are lent the same blocks in the same
order, so that training allocates nothing after its first step, and a layer's result takes the place of one that no
layer needs any more.
"""

import sys
import threading
from bisect import bisect_left, insort
from math import prod

import numpy as np
from numpy.typing import DTypeLike

from backhand.arrays import Array, Shape

ALIGN = 64  # bytes of a cache line, and of the widest vector
WASTE = 2  # a block may be this many times as large as what is asked for


class _Block:
    """Aligned bytes. `memory` is the array that everything lent refers to."""

    def __init__(self, size: int) -> None:
        whole = np.empty(size + ALIGN, np.uint8)
        start = -whole.ctypes.data % ALIGN
        # Not a view of `whole`, which views of it would then refer to in its stead.
        self.memory = np.frombuffer(whole.data[start : start + size], np.uint8)
        self.size = size

    def users(self) -> int:
        """References to the memory; as many as `_UNUSED` where nobody has it."""
        return sys.getrefcount(self.memory)


_kept = _Block(1)
_UNUSED = _kept.users()  # Python's own references differ between its versions


class Pool:
    """Blocks, the smallest first."""

    def __init__(self) -> None:
        self._blocks: list[_Block] = []

    def empty(self, shape: Shape, dtype: DTypeLike = np.float32) -> Array:
        """An array with whatever was in its memory before."""
        kind = np.dtype(dtype)
        return np.ndarray(shape, kind, self._free(max(prod(shape), 1) * kind.itemsize).memory)

    def _free(self, size: int) -> _Block:
        """The smallest unused block that fits, or a new one."""
        for i in range(bisect_left(self._blocks, size, key=_size), len(self._blocks)):
            block = self._blocks[i]
            if block.size > WASTE * size:
                break
            if block.users() == _UNUSED:
                return block
        block = _Block(size)
        insort(self._blocks, block, key=_size)
        return block

    @property
    def size(self) -> int:
        """Bytes in all blocks."""
        return sum(block.size for block in self._blocks)

    def trim(self) -> None:
        """Let go of the blocks that nobody uses."""
        self._blocks = [block for block in self._blocks if block.users() != _UNUSED]


def _size(block: _Block) -> int:
    return block.size


_pools = threading.local()  # models may run on several threads at once


def pool() -> Pool:
    """The pool of the thread that asks."""
    if not hasattr(_pools, "own"):
        _pools.own = Pool()
    return _pools.own


def empty(shape: Shape, dtype: DTypeLike = np.float32) -> Array:
    """An array from the pool of the thread that asks; see `Pool.empty`."""
    return pool().empty(shape, dtype)
