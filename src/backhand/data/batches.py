"""Mini-batches as index arrays."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from backhand.errors import DataError


def batches(n: int, batch_size: int, rng: np.random.Generator | None = None) -> Iterator[NDArray[np.intp]]:
    """One epoch over `n` samples: index arrays of `batch_size`, the last one shorter where it does not divide `n`.

    Each call shuffles anew from `rng`; without `rng` the samples come in order. DataError for a batch size below 1.
    """
    if batch_size < 1:
        raise DataError(f"batch size {batch_size} is below 1; use 1 or more")
    order = np.arange(n) if rng is None else rng.permutation(n)
    return (order[start : start + batch_size] for start in range(0, n, batch_size))
