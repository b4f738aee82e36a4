"""Features as scikit-learn's trees can tell them apart: as they are, or as ranks where float32 would merge values."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

MAX_FLOAT32 = float(np.finfo(np.float32).max)
MIN_EXTENT = 1e-4  # an extent of which 1e-7, the least difference that these trees split at, is no small part


@dataclass(frozen=True)
class Ranks:
    """x -> x, but for features whose values would not survive: those trees turn everything into float32.

    They give way to their places among the different values of the training samples; a value between two of them goes
    between their places, in proportion. A tree only compares values, so that it can split ranks wherever it could have
    split the values.
    """

    values: tuple[NDArray[np.float64] | None, ...]  # of each feature: ascending, None where it stays as it is

    @classmethod
    def fit(cls, x: NDArray[Any]) -> Self:
        """Of training samples (N, F)."""
        return cls(tuple(_values_to_rank(np.unique(column)) for column in x.T))

    def transform(self, x: NDArray[Any]) -> NDArray[np.float32]:
        """(N, F) -> (N, F). What is beyond the training samples has the rank of their first or last value."""
        columns = (
            np.clip(column, -MAX_FLOAT32, MAX_FLOAT32)
            if values is None
            else np.interp(column, values, np.arange(len(values)))
            for column, values in zip(x.T, self.values, strict=True)
        )
        return np.stack([*columns], axis=1).astype(np.float32)


def _values_to_rank(values: NDArray[Any]) -> NDArray[np.float64] | None:
    """Ascending values, if some of them are one in float32, too large for it, or all too close together; else None."""
    low, high = float(values[0]), float(values[-1])
    if len(values) == 1 or (
        high - low >= MIN_EXTENT and max(-low, high) <= MAX_FLOAT32 and _distinct_in_float32(values)
    ):
        return None
    return values.astype(np.float64)


def _distinct_in_float32(values: NDArray[Any]) -> bool:
    return len(np.unique(values.astype(np.float32))) == len(values)
