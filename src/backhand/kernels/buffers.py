"""Memory that is used again: a new large array costs a page fault for every 4 KiB of it, step after step.

A block is lent out as an array, and is free again when the last array on it is gone: Python counts the references, and
NumPy keeps one from each view to the block below. Equal steps are lent the same blocks in the same order, so that
training allocates nothing after its first step, and a layer's result is written where a result lay that no layer needs
any more.
"""

import sys
import threading
from bisect import bisect_left, bisect_right
from itertools import islice
from math import prod

import numpy as np
from numpy.typing import DTypeLike

from backhand.arrays import Array, Shape
from backhand.arrays.memory import aligned_zeros

WASTE = 2  # a block may be this many times as large as what is asked for


class _Block:
    """Aligned memory: `memory` is an array of bytes, which every array that is lent refers to."""

    def __init__(self, size: int) -> None:
        # By way of its buffer: as a view of the aligned array, it would pass references of its own views on to that.
        self.memory = np.frombuffer(aligned_zeros((size,), np.uint8).data, np.uint8)
        self.size = size

    def users(self) -> int:
        """The number of references to the memory; `_UNUSED` where it is not lent."""
        return sys.getrefcount(self.memory)


_kept = _Block(1)
_UNUSED = _kept.users()  # how many references Python itself holds differs between its versions


class Pool:
    """The blocks of one thread, in order of their size, lent out as arrays."""

    def __init__(self) -> None:
        self._blocks: list[_Block] = []
        self._sizes: list[int] = []  # of the blocks; `bisect` is faster on numbers than through a key

    def empty(self, shape: Shape, dtype: DTypeLike = np.float32) -> Array:
        """An array of this shape, whose values are whatever its memory held before."""
        kind = np.dtype(dtype)
        return np.ndarray(shape, kind, self._free(prod(shape) * kind.itemsize or 1).memory)

    def _free(self, size: int) -> _Block:
        """The smallest unused block that fits, or a new one."""
        for block in islice(self._blocks, bisect_left(self._sizes, size), None):
            if block.size > WASTE * size:
                break
            if block.users() == _UNUSED:
                return block
        block = _Block(size)
        last = bisect_right(self._sizes, size)
        self._blocks.insert(last, block)
        self._sizes.insert(last, size)
        return block

    @property
    def size(self) -> int:
        """The size of all blocks together, in bytes."""
        return sum(self._sizes)

    def trim(self) -> None:
        """Free the memory of the blocks that are not lent."""
        self._blocks = [block for block in self._blocks if block.users() != _UNUSED]
        self._sizes = [block.size for block in self._blocks]


class _Own(threading.local):  # models may run on several threads at once
    def __init__(self) -> None:
        self.pool = Pool()


_own = _Own()


def pool() -> Pool:
    """The pool of the thread that calls this."""
    return _own.pool


def empty(shape: Shape, dtype: DTypeLike = np.float32) -> Array:
    """An array from the pool of the thread that calls this; see `Pool.empty`."""
    return _own.pool.empty(shape, dtype)
