"""The targets of a regression from arrays of any numeric type."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backhand.data.dataset import refuse_not_finite
from backhand.errors import DataError


def read_targets(arrays: Mapping[str, NDArray[Any]], names: Sequence[str], file: str) -> dict[str, NDArray[np.float64]]:
    """The targets of every split as float64 (N, T).

    arrays: the targets of each split, (N,) or (N, T), by the name of the array.   names: of the T targets.
    Raises DataError for what is no number or not finite, and for another number of columns.
    """
    targets = {}
    for name, y in arrays.items():
        where = f"{name} in {file}"
        if y.dtype.kind not in "iuf" or y.ndim not in (1, 2):
            raise DataError(
                f"{where} is {y.dtype} of shape {y.shape}; targets must be numbers of shape (N,) or (N, T); for "
                f"classes leave out data.target"
            )
        columns = y.shape[1] if y.ndim == 2 else 1
        if columns != len(names):
            plural = "s" * (columns > 1)
            raise DataError(
                f"{where} has the shape {y.shape}, which is {columns} target{plural} per sample, and data.target names "
                f"{len(names)}; give as many names"
            )
        targets[name] = y.reshape(len(y), columns).astype(np.float64)
        refuse_not_finite(targets[name], where)
    return targets
