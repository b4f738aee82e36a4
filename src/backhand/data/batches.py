"""Mini-batches of an epoch, as arrays of indices."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from backhand.errors import DataError


def batches(
    n: int, batch_size: int, rng: np.random.Generator | None = None, fewest: int = 1
) -> Iterator[NDArray[np.intp]]:
    """One epoch over `n` samples: index arrays of `batch_size`, the last one shorter where it does not divide `n`.

    Each call shuffles anew from `rng`; without `rng` the samples come in order. A last batch of less than `fewest`
    samples is left out. DataError for a batch size below 1.
    """
    if batch_size < 1:
        raise DataError(f"batch size {batch_size} is below 1; use 1 or more")
    order = np.arange(n) if rng is None else rng.permutation(n)
    stop = n - samples_left_out(n, batch_size, fewest)
    return (order[start : start + batch_size] for start in range(0, stop, batch_size))


def samples_left_out(n: int, batch_size: int, fewest: int = 1) -> int:
    """How many of `n` samples are in no batch of an epoch: those of a last batch of less than `fewest` samples."""
    remainder = n % batch_size
    return remainder if remainder < fewest else 0


def steps_per_epoch(n: int, batch_size: int, fewest: int = 1) -> int:
    """The number of batches in an epoch over `n` samples."""
    return -(-(n - samples_left_out(n, batch_size, fewest)) // batch_size)
