"""A person's own arrays, in one NumPy archive."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backhand.data.dataset import Dataset, Splits
from backhand.data.entry import OnDisk
from backhand.data.formats.npz import read_npz
from backhand.data.split import hold_out_test
from backhand.errors import DataError

Array = NDArray[Any]


def load(path: Path) -> Splits:
    """The arrays x_train, y_train, x_test, y_test (and x_validation, y_validation if there), or x and y.

    x: (N, F) numbers, or images (N, H, W) or (N, H, W, C) uint8.   y: (N,) integers 0 .. K-1.   classes: (K,) names,
    if there.
    x and y alone are divided: a stratified fifth is the test split, always the same one.
    """
    arrays = read_npz(path)
    suffix = "_train" if "x_train" in arrays else ""
    train = _dataset(arrays, suffix, path)
    test = _dataset(arrays, "_test", path) if suffix else None
    validation = _dataset(arrays, "_validation", path) if "x_validation" in arrays else None
    classes = _classes(arrays, train.y, path)
    if test is None:
        train, test = hold_out_test(train, classes)
    return Splits("npz", classes, train, test, validation, source=f"the arrays of {path.name}")


def _dataset(arrays: dict[str, Array], suffix: str, path: Path) -> Dataset:
    for name in (f"x{suffix}", f"y{suffix}"):
        if name not in arrays:
            raise DataError(f"{path} lacks the array {name}; it must hold x_train, y_train, x_test, y_test, or x and y")
    x, y = arrays[f"x{suffix}"], arrays[f"y{suffix}"]
    if y.ndim != 1 or y.dtype.kind not in "iub" or (len(y) and int(y.max()) > np.iinfo(np.int64).max):
        raise DataError(f"y{suffix} in {path} is {y.dtype} of shape {y.shape}; labels must be integers of shape (N,)")
    if x.ndim == 0 or len(x) != len(y):
        raise DataError(
            f"{path}: x{suffix} has shape {x.shape} but y{suffix} {len(y)} labels; every sample needs one label"
        )
    return Dataset(_samples(x, f"x{suffix} in {path}"), y.astype(np.int64))


def _samples(x: Array, where: str) -> NDArray[np.uint8] | NDArray[np.float32]:
    if x.size == 0:
        raise DataError(f"{where} is empty, of shape {x.shape}; save some samples")
    if x.dtype == np.uint8 and x.ndim in (3, 4):
        return x.reshape(*x.shape[:3], -1)
    if x.dtype.kind not in "iubf" or x.ndim != 2:
        raise DataError(
            f"{where} is {x.dtype} of shape {x.shape}; give (N, F) numbers, or images (N, H, W, C) of uint8"
        )
    with np.errstate(over="ignore"):  # what overflows float32 becomes infinity, which the loader's check names
        return x.astype(np.float32)


def _classes(arrays: dict[str, Array], y: NDArray[np.int64], path: Path) -> tuple[str, ...]:
    """The names given, or the labels themselves; each label from 0 up must occur, so that a stray one is noticed."""
    if "classes" in arrays:
        names = arrays["classes"]
        if names.ndim != 1 or names.dtype.kind != "U":
            raise DataError(f"classes in {path} is {names.dtype} of shape {names.shape}; give (K,) strings")
        return tuple(names.tolist())
    labels = np.unique(y)
    gaps = np.flatnonzero(labels != np.arange(len(labels)))
    if len(labels) < 2 or len(gaps):
        raise DataError(f"the labels in {path} are {_some(labels)}; number the classes 0, 1, 2 ... without a gap")
    return tuple(map(str, labels.tolist()))


def _some(labels: NDArray[np.int64]) -> str:
    return ", ".join(map(str, labels[:5].tolist())) + (" ..." if len(labels) > 5 else "")


ENTRY = OnDisk(
    "npz",
    "your own arrays",
    "labels",
    lambda path, _skip: load(path),
    how="pass --path with an .npz file of x_train, y_train, x_test, y_test, or x and y",
)
