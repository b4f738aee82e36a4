"""Tables of features from arrays of any numeric type, without losing digits that matter."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from backhand.data.dataset import refuse_not_finite
from backhand.data.rounding import MAX_ROUNDING_LOSS
from backhand.errors import DataError

CHUNK = 1024  # the rows that are compared at a time


def read_table(x: NDArray[Any], where: str) -> NDArray[np.float32] | NDArray[np.float64]:
    """The numbers x (N, F) in float32 where that is exact, else in float64.

    where: names the array in messages. Raises DataError for NaN and infinity, and for a column of integers or of
    extended precision that float64 would round by more than a millionth of its range.
    """
    refuse_not_finite(x, where)
    if np.can_cast(x.dtype, np.float32):
        return np.ascontiguousarray(x, np.float32)
    with np.errstate(over="ignore"):
        wide = np.ascontiguousarray(x, np.float64)
        narrow = wide.astype(np.float32)
    if x.dtype.itemsize > 4 and x.dtype != np.float64:
        _refuse_rounding(x, wide, where)
    return narrow if _equal(narrow, wide) else wide


def _equal(narrow: NDArray[np.float32], wide: NDArray[np.float64]) -> bool:
    chunks = range(0, len(wide), CHUNK)
    return all(np.array_equal(narrow[i : i + CHUNK], wide[i : i + CHUNK]) for i in chunks)


def _refuse_rounding(x: NDArray[Any], wide: NDArray[np.float64], where: str) -> None:
    """Raise DataError for the first column that float64 cannot hold, or rounds so much that samples become alike."""
    beyond = np.argwhere(~np.isfinite(wide))
    if len(beyond):
        row, column = beyond[0].tolist()
        raise DataError(
            f"row {row}, column {column} of {where}, counted from 0, is beyond float64; correct or remove it"
        )
    for column in range(x.shape[1]):
        values, rounded = x[:, column], wide[:, column]
        with np.errstate(over="ignore"):
            error, extent = _rounding(values, rounded), float(rounded.max() - rounded.min())
        if error > MAX_ROUNDING_LOSS * extent and values.min() != values.max():
            raise DataError(
                f"column {column} of {where}, counted from 0, is {x.dtype} near {rounded[0]:.6g}, where float64 rounds "
                f"away what tells its samples apart; subtract its minimum first: "
                f"x[:, {column}] -= x[:, {column}].min()"
            )


def _rounding(values: NDArray[Any], rounded: NDArray[np.float64]) -> float:
    """The largest rounding error of float64 on these values, computed exactly."""
    if values.dtype.kind == "f":
        return float(np.abs(values - rounded).max())
    if np.abs(rounded).max() <= 2.0**53:
        return 0.0
    return float(max(abs(a - int(b)) for a, b in zip(values.tolist(), rounded.tolist(), strict=True)))
