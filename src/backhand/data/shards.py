"""Arrays in several files on disk, read row by row as if they were a single array."""

from collections.abc import Sequence
from copy import copy
from typing import Any, Self

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from backhand.errors import DataError

Index = NDArray[np.intp] | slice


class Shards:
    """Arrays in files of one folder, one after the other, as if they were a single array on disk: x[index] reads rows.

    files: .npy files whose arrays differ in their first axis alone. Nothing is read before it is asked for.
    `take` gives some of the rows as another such array; `numpy.asarray` reads all into memory.
    Raises DataError for no files, for a file that is no array of NumPy or damaged, and for arrays of unlike shapes or
    dtypes.
    """

    def __init__(self, files: Sequence[Any]) -> None:
        if not files:
            raise DataError("there are no shards; name one .npy file at least")
        self.parts: list[NDArray[Any]] = [_opened(file) for file in files]
        first = self.parts[0]
        for file, part in zip(files, self.parts, strict=True):
            if part.shape[1:] != first.shape[1:] or part.dtype != first.dtype:
                raise DataError(
                    f"{file} has rows of {part.dtype} and shape {part.shape[1:]}, and {files[0]} of {first.dtype} and "
                    f"shape {first.shape[1:]}; make them alike"
                )
        self.starts = np.cumsum([0, *(len(part) for part in self.parts)])
        self.rows: Index = slice(0, int(self.starts[-1]))
        self.dtype, self._sample = first.dtype, first.shape[1:]
        self._count = int(self.starts[-1])

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of rows, and the shape of one."""
        return self._count, *self._sample

    @property
    def ndim(self) -> int:
        """The number of axes, with that of the rows: 4 for images (N, H, W, C)."""
        return len(self.shape)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: Index | int) -> NDArray[Any]:
        """The rows at these indices, or a single one, read from the files that have them."""
        if isinstance(index, int | np.integer):
            return self[np.array([index])][0]
        rows = self._chosen(index)
        read = np.empty((len(rows), *self._sample), self.dtype)
        shard = np.searchsorted(self.starts, rows, side="right") - 1
        for number in np.unique(shard):
            chosen = shard == number
            read[chosen] = self.parts[number][rows[chosen] - self.starts[number]].reshape(-1, *self._sample)
        return read

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """All rows as an array in memory, for NumPy. Raises ValueError where no copy may be made."""
        if copy is False:
            raise ValueError("shards are on disk, and can only be copied into memory")
        return self[:].astype(dtype or self.dtype, copy=False)

    def take(self, index: Index) -> Self:
        """The rows at these indices, in this order, as shards: nothing is read."""
        other, rows = copy(self), self._chosen(index)
        other.rows, other._count = rows, len(rows)
        return other

    def with_channel(self) -> Self:
        """Grey images (N, H, W) as (N, H, W, 1)."""
        other = copy(self)
        other._sample = (*self._sample, 1)
        return other

    def _chosen(self, index: Index) -> NDArray[np.intp]:
        """The places of these rows in the files together."""
        if isinstance(self.rows, slice):
            return np.arange(self._count)[index]
        return self.rows[index]


def _opened(file: Any) -> NDArray[Any]:
    """The array in a file, mapped into memory. Raises DataError where it is none."""
    try:
        array = npy.open_memmap(file, mode="r")
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror or error}") from None
    except (ValueError, EOFError):
        raise DataError(f"{file} is not a whole array of numbers; save it again with numpy.save") from None
    if array.ndim == 0:
        raise DataError(f"{file} is not an array with rows; save it with numpy.save")
    return array
