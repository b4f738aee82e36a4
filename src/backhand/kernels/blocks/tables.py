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


NOTHING = -1  # the offset of a row of zeros


def in_pairs(columns: Array, rows: Array, distance: int) -> tuple[Array, Array]:
    """The same k in pairs, as products in bfloat16 take them: the columns of x and the rows of w.

    k and k + 1 are a pair where their columns are so far apart; one without a neighbour gets a row of zeros. The result
    has the first column of each pair, and the rows of all its numbers.
    """
    x, w = columns[: count(columns)], rows[: count(rows)]
    k = np.arange(len(x))
    follows, second = np.zeros(len(x), bool), np.full(len(x), NOTHING)
    follows[:-1] = np.diff(x) == distance  # whether k + 1 is the neighbour of k
    second[:-1][follows[:-1]] = w[1:][follows[:-1]]
    starts = np.where(np.roll(follows, 1), 0, k)  # of runs of neighbours
    leads = (k - np.maximum.accumulate(starts)) % 2 == 0
    return table(x[leads]), table(np.stack((w, second), axis=1)[leads])


def in_words(offsets: Array) -> Array:
    """A table for an array in which every number is beside another one, see `bfloat16.paired`."""
    return 2 * offsets


@lru_cache(maxsize=256)
def steps(size: int, step: int) -> Array:
    """The table 0, step, 2 step, ..., of this size."""
    return table(np.arange(size, dtype=np.int64) * step)
