"""Reads NumPy archives without pickle, and without trusting their headers."""

import math
import tokenize
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from backhand.data.formats.members import damage_as_data_error
from backhand.data.formats.trees import open_tree
from backhand.errors import DataError


def read_npz(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of an .npz file by their names, read-only.

    Raises DataError for a damaged file, a single array (.npy), an array of Python objects (a pickle, never loaded), and
    a header that announces another number of bytes than there are.
    """
    if _is_single(path):
        raise DataError(f"{path} is a single array; save all arrays in one file: np.savez(NAME, x=x, y=y)")
    with open_tree(path) as tree:
        members = [name for name in tree.names() if name.endswith(".npy")]
        if not members:
            raise DataError(f"{path} holds no NumPy arrays; make it with numpy.savez")
        return {name.removesuffix(".npy"): _parse(data, f"{path}: {name}") for name, data in tree.items(members)}


def _is_single(path: Path) -> bool:
    if not path.is_file():
        return False
    with damage_as_data_error(str(path)), path.open("rb") as file:
        return file.read(len(npy.MAGIC_PREFIX)) == npy.MAGIC_PREFIX


def _parse(data: bytes, where: str) -> NDArray[Any]:
    stream = BytesIO(data)
    try:
        version = npy.read_magic(stream)
        header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, is_fortran, dtype = header(stream)
    except (ValueError, TypeError, KeyError, SyntaxError, RecursionError, MemoryError, tokenize.TokenError) as error:
        raise DataError(f"{where} is not a NumPy array ({error}); save it again with numpy.savez") from error
    if dtype.hasobject:
        raise DataError(
            f"{where} holds Python objects, which are never loaded; save it as an array of numbers, or names as text: "
            f"np.asarray(names, str)"
        )
    expected, actual = math.prod(shape) * dtype.itemsize, len(data) - stream.tell()
    if min(shape, default=0) < 0 or dtype.itemsize == 0 or expected != actual:
        raise DataError(f"{where} announces {expected} bytes of shape {shape} but holds {actual}; save it again")
    values = np.frombuffer(data, dtype, offset=stream.tell())
    return values.reshape(shape, order="F" if is_fortran else "C")
