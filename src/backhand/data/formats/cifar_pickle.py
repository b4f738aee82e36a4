"""Reads CIFAR-10's Python batches, which are pickles of Python 2, without running the code that a pickle may call.

There are three guards: only the opcodes that these files use are admitted; only three global names are admitted; and
those names stand for placeholders in this module, so that not even NumPy's own code sees bytes of the file.
"""

import pickle
import pickletools
import warnings
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backhand.errors import DataError

OPCODES = {
    *(
        "PROTO",
        "STOP",
        "MARK",
        "EMPTY_DICT",
        "EMPTY_LIST",
        "EMPTY_TUPLE",
        "TUPLE",
        "TUPLE1",
        "TUPLE2",
        "TUPLE3",
        "NONE",
    ),
    *("NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2", "SHORT_BINSTRING", "BINSTRING", "BINUNICODE", "BINPUT"),
    *("LONG_BINPUT", "BINGET", "LONG_BINGET", "APPEND", "APPENDS", "SETITEM", "SETITEMS", "GLOBAL", "REDUCE", "BUILD"),
}
DAMAGE = (pickle.UnpicklingError, ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError, OverflowError)


class _Placeholder:
    """Takes the place of numpy.ndarray, numpy.dtype and the function for an empty array, and keeps its arguments."""

    def __init__(self, *arguments: object) -> None:
        self.arguments, self.state = arguments, ()

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in {("numpy", "ndarray"), ("numpy", "dtype"), ("numpy.core.multiarray", "_reconstruct")}:
            return _Placeholder
        raise DataError(f"the pickle asks for {module}.{name}, which no CIFAR-10 batch holds")


def read_batch(data: bytes, where: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Read one batch: x (N, 3072) uint8 and y (N,) int64.

    Raises DataError for anything but a dict with `data`, a uint8 array of that shape, and `labels`, a list of integers.
    """
    try:
        _check_opcodes(data)
        batch = _Unpickler(BytesIO(data), encoding="bytes").load()
        return _array(batch[b"data"]), np.array([_integer(label) for label in batch[b"labels"]], np.int64)
    except (*DAMAGE, DataError) as error:
        reason = str(error) or type(error).__name__
        raise DataError(f"{where} is not a batch of CIFAR-10 ({reason}); fetch the archive again") from error


def _check_opcodes(data: bytes) -> None:
    with warnings.catch_warnings(action="ignore"):  # pickletools warns about odd escapes in damaged names
        for opcode, argument, _ in pickletools.genops(data):
            # A large memo index would make the unpickler allocate gigabytes.
            if opcode.name not in OPCODES or (opcode.name == "LONG_BINPUT" and int(argument or 0) > len(data)):
                raise DataError(f"the pickle uses {opcode.name}, which no CIFAR-10 batch does")


def _array(holder: Any) -> NDArray[np.uint8]:
    """The array whose state, as ndarray.__reduce__ gives it, is (version, shape, dtype, is_fortran, bytes)."""
    _, (rows, columns), dtype, is_fortran, content = holder.state
    if dtype.arguments[0] not in (b"u1", b"|u1") or is_fortran or not isinstance(content, bytes):
        raise ValueError("its data are not an array of bytes in C order")
    if columns != 3072 or len(content) != rows * columns:
        raise ValueError(f"its data are {len(content)} bytes of shape {rows} x {columns}, not rows of 3072")
    return np.frombuffer(content, np.uint8).reshape(rows, columns)


def _integer(label: object) -> int:
    if not isinstance(label, int):
        raise ValueError(f"label {label!r} is not an integer")
    return label
