"""Features for scikit-learn's trees: as they are, or as ranks where float32 would make different values equal."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

MAX_FLOAT32 = float(np.finfo(np.float32).max)
MIN_EXTENT = 1e-4  # trees split at differences of 1e-7 or more, which is too coarse for a smaller extent than this


@dataclass(frozen=True)
class Ranks:
    """Replaces features by ranks where float32, to which those trees convert everything, would lose differences.

    The rank of a value is its position among the different values of the training samples; a value between two of them
    has a rank in between, in proportion. A tree only compares values, so it can split ranks wherever it could have
    split the values.
    """

    values: tuple[NDArray[np.float64] | None, ...]  # of each feature, ascending; None for a feature that is kept

    @classmethod
    def fit(cls, x: NDArray[Any]) -> Self:
        """The ranks of the training samples x (N, F)."""
        return cls(tuple(_values_to_rank(np.unique(column)) for column in x.T))

    def transform(self, x: NDArray[Any]) -> NDArray[np.float32]:
        """Replace the features of x (N, F). A value outside the training range has the rank of its nearer end."""
        columns = (
            np.clip(column, -MAX_FLOAT32, MAX_FLOAT32)
            if values is None
            else np.interp(column, values, np.arange(len(values)))
            for column, values in zip(x.T, self.values, strict=True)
        )
        return np.stack([*columns], axis=1).astype(np.float32)


def _values_to_rank(values: NDArray[Any]) -> NDArray[np.float64] | None:
    """The ascending values if ranks must replace them, else None.

    They must where two values are equal in float32, one is too large for it, or all lie too close together.
    """
    low, high = float(values[0]), float(values[-1])
    if len(values) == 1 or (
        high - low >= MIN_EXTENT and max(-low, high) <= MAX_FLOAT32 and _distinct_in_float32(values)
    ):
        return None
    return values.astype(np.float64)


def _distinct_in_float32(values: NDArray[Any]) -> bool:
    return len(np.unique(values.astype(np.float32))) == len(values)
