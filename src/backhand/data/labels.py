"""Labels in the forms that users have them: integers, text, booleans, one-hot rows."""

import sys
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backhand.errors import DataError

Array = NDArray[Any]
Integers = NDArray[np.int64]
REGRESSION = 'for a regression set data.target = "y"'
MAX_EXACT_INTEGER = 2**53  # float64 holds every whole number up to here


@dataclass(frozen=True)
class Labels:
    """The labels as integers, with the names of the classes; or targets (N, T), which have none.

    y: (N,) for each array, by its name.   notes: how the labels were converted, for `Splits.notes`.
    """

    y: Mapping[str, Array]
    classes: tuple[str, ...]
    notes: dict[str, str]


def read_labels(arrays: Mapping[str, Array], names: Array | None, file: str) -> Labels:
    """The labels of every split as integers 0 .. K-1.

    arrays: the labels of each split, those of the training split first.   names: the array `classes`, if there is one.
    Integers (N,) of any dtype are the numbers of the classes. Texts (N,) are names, which are numbered in the order of
    `classes`, else in sorted order; a letter with an accent is one letter, however it is encoded. A column (N, 1) is
    read as (N,), and a one-hot row (N, K) as the index of its 1.
    Raises DataError for anything else, for names that are empty or occur twice, for numbers with a gap, and for a
    column of one-hot rows without a 1 in the training split.
    """
    class_names = None if names is None else _class_names(names, file)
    flat = {name: _one_per_sample(y, f"{name} in {file}") for name, y in arrays.items()}
    texts = {y.dtype.kind in "US" for y in flat.values()}
    if len(texts) > 1:
        raise DataError(f"some labels in {file} are text and some are numbers; save all in one form")
    forms = dict.fromkeys(_conversion_note(y) for y in arrays.values())
    notes = {"labels": "; ".join(form for form in forms if form)} if any(forms) else {}
    if texts == {True}:
        numbers, classes, how = _number_texts(
            {name: _as_text(y, name, file) for name, y in flat.items()}, class_names, file
        )
        return Labels(numbers, classes, {"labels": "; ".join(filter(None, (*notes.values(), how)))})
    numbers = {name: _as_integers(y, f"{name} in {file}") for name, y in flat.items()}
    name, train_labels = next(iter(arrays.items()))
    _refuse_empty_columns(train_labels, numbers[name], f"{name} in {file}")
    return Labels(numbers, class_names or _names_of_numbers(train_labels, numbers[name], file), notes)


def _class_names(names: Array, file: str) -> tuple[str, ...]:
    if names.ndim != 1 or names.dtype.kind not in "US":
        raise DataError(f"classes in {file} is {names.dtype} of shape {names.shape}; give (K,) strings")
    texts = tuple(_as_text(names, "classes", file).tolist())
    _refuse_twins(texts, f"classes in {file}")
    return texts


def _refuse_twins(names: Iterable[str], where: str) -> None:
    """Raise DataError for an empty name, and for two names that differ only in the spaces around them."""
    position_of: dict[str, int] = {}
    for k, name in enumerate(names):
        stripped = name.strip()
        if not stripped:
            raise DataError(f"name {k} of {where}, counted from 0, is empty; give every class a name")
        if stripped in position_of:
            raise DataError(
                f'names {position_of[stripped]} and {k} of {where} are both "{stripped}"; give every class its own name'
            )
        position_of[stripped] = k


def _one_per_sample(y: Array, where: str) -> Array:
    """Labels (N, 1) and one-hot rows (N, K) as (N,). Raises DataError for any other shape."""
    if y.ndim == 1:
        return y
    if y.ndim == 2 and y.shape[1] == 1:
        return y[:, 0]
    if y.ndim != 2 or y.dtype.kind not in "iubf" or not y.shape[1]:
        raise DataError(f"{where} is {y.dtype} of shape {y.shape}; labels must be integers or text of shape (N,)")
    single = np.isin(y, (0, 1)).all(axis=1) & ((y == 1).sum(axis=1) == 1)
    if not single.all():
        row = int(np.flatnonzero(~single)[0])
        raise DataError(
            f"{where} has the shape {y.shape}, and row {row} is not one-hot: labels must be integers of shape (N,), or "
            f"rows with a single 1; write y.argmax(axis=1) if the largest value is the class, y.ravel() if y is one "
            f"row; for a regression name the {y.shape[1]} columns in data.target"
        )
    return y.argmax(axis=1)


def _refuse_empty_columns(y: Array, numbers: Integers, where: str) -> None:
    """Raise DataError for one-hot rows (N, K) with a class that has no sample. numbers: (N,) indices of the 1s."""
    if y.ndim < 2 or y.shape[1] < 2:
        return
    counts = np.bincount(numbers, minlength=y.shape[1])
    if not counts.all():
        raise DataError(
            f"column {counts.argmin()} of {where}, counted from 0, has no 1, so that its class has no sample; "
            f"add some, or leave the column out: y[:, {np.flatnonzero(counts).tolist()}]"
        )


def _conversion_note(y: Array) -> str:
    """How labels of this form are converted, in words; "" for integers and text (N,)."""
    if y.ndim == 2 and y.shape[1] > 1:
        return f"one-hot rows of {y.shape[1]}, read as the index of their 1"
    column = f"a column of shape {y.shape}, read as ({len(y)},)" if y.ndim == 2 else ""
    kinds = {"f": f"{y.dtype} values that are integers", "b": "false and true, read as 0 and 1"}
    return ", ".join(filter(None, (column, kinds.get(y.dtype.kind, ""))))


def _as_integers(y: Array, where: str) -> Integers:
    """Numbers as int64. Raises DataError, with the row, for one that is not an integer or is beyond int64."""
    if y.dtype.kind not in "iubf":
        raise DataError(f"{where} is {y.dtype} of shape {y.shape}; labels must be integers or text of shape (N,)")
    if y.dtype.kind == "f":
        bad = ~(np.abs(y) <= MAX_EXACT_INTEGER) | (y != np.rint(y))
    else:
        bad = y > np.iinfo(np.int64).max if y.dtype.kind == "u" else np.zeros(len(y), bool)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise DataError(
            f"row {row} of {where} is {y[row]}; labels must be integers from 0 up, one for each class; {REGRESSION}"
        )
    return y.astype(np.int64)


def _as_text(y: Array, name: str, file: str) -> Array:
    """Texts as str in the form NFC. Raises DataError for what is not text in UTF-8, and for control characters."""
    try:
        texts = np.char.decode(y, "utf-8") if y.dtype.kind == "S" else _without_bad_code_points(y)
        for row, text in enumerate(texts.tolist()):
            if any(ord(letter) < 32 or ord(letter) == 127 for letter in text):
                raise DataError(f"row {row} of {name} in {file} is {text!r}; leave out control characters")
            text.encode("utf-8")
    except ValueError as error:  # raised by decoding, by code points that do not exist, and by surrogates
        raise DataError(f"{name} in {file} is no text in UTF-8 ({error}); save it as str") from error
    return np.array([unicodedata.normalize("NFC", text) for text in texts.tolist()], str)


def _without_bad_code_points(y: Array) -> Array:
    """The same array. Raises ValueError for code points beyond Unicode, at which Python would abort."""
    codes = np.ascontiguousarray(y).view(np.dtype(np.uint32).newbyteorder(y.dtype.byteorder))
    if codes.size and codes.max() > sys.maxunicode:
        raise ValueError(f"code point {codes.max()}")
    return y


def _number_texts(
    texts: Mapping[str, Array], class_names: tuple[str, ...] | None, file: str
) -> tuple[dict[str, Integers], tuple[str, ...], str]:
    """Texts as numbers: their positions in `class_names`, else in sorted order; with the names, and a note in words."""
    names = class_names or tuple(sorted({name for y in texts.values() for name in y.tolist()}))
    if class_names is None:
        _refuse_twins(names, f"the sorted labels in {file}")
    number = {name: k for k, name in enumerate(names)}
    for key, y in texts.items():
        for row, name in enumerate(y.tolist()):
            if name not in number:
                raise DataError(f'row {row} of {key} in {file} is "{name}", which is not in classes; add it there')
    how = (
        "text, numbered in the order of classes"
        if class_names
        else f"text, numbered in sorted order: {_first_few(names)}"
    )
    return {key: np.array([number[name] for name in y.tolist()], np.int64) for key, y in texts.items()}, names, how


def _names_of_numbers(train_labels: Array, y: Integers, file: str) -> tuple[str, ...]:
    """The labels themselves as names. All numbers from 0 up must occur, so that a stray one is noticed."""
    if train_labels.dtype.kind == "b" and train_labels.shape[1:] in ((), (1,)):
        return ("False", "True")
    labels = np.unique(y)
    if (labels != np.arange(len(labels))).any():
        raise DataError(
            f"the labels in {file} are {_first_few(labels.tolist())}; number the classes 0, 1, 2 ... without a gap, or "
            f"save the labels as text, which is numbered for you: y.astype(str); {REGRESSION}"
        )
    return tuple(map(str, labels.tolist()))


def _first_few(labels: Iterable[Any]) -> str:
    items = list(labels)
    return ", ".join(map(str, items[:5])) + (" ..." if len(items) > 5 else "")
