"""Tables of offsets: where the rows and columns of an operand begin in its array.

With tables a convolution is a matrix product without a copy of its windows: the row of a window begins where it stands,
and its columns lie as far behind as in every other window. Source: Dukhan 2019, arXiv:1907.02129.
"""

from functools import lru_cache

import numpy as np

from backhand.arrays import Array

SPARE = 16  # as many as the rows of a tile, or more


def table(offsets: Array) -> Array:
    """Offsets as a table of int64, with SPARE more entries, which repeat the last.

    A tile always computes as many rows as it has. Those beyond the end are the last one again: computed and stored
    several times, the same value in the same place.
    """
    flat = offsets.ravel().astype(np.int64)
    return np.pad(flat, (0, SPARE), "edge" if flat.size else "constant")


def count(offsets: Array) -> int:
    """The number of offsets in a table, without the spare ones."""
    return offsets.size - SPARE


@lru_cache(maxsize=256)
def steps(size: int, step: int) -> Array:
    """The table 0, step, 2 step, ..., of this size."""
    return table(np.arange(size, dtype=np.int64) * step)
