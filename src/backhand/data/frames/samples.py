"""Labels, targets and weights from the columns of a table."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from backhand.data.frames.frame import TRUTH, Column, Frame, is_number
from backhand.data.frames.values import category_texts, finite, first, refuse_missing, refuse_separators
from backhand.errors import DataError

MOST_CLASSES = 1000  # more different numbers than this are measured, not counted


def class_names(frames: Iterable[Frame], label: str) -> tuple[str, ...]:
    """The names of the classes in a column, of all tables together, numbers in their order and texts in theirs.

    A class may be called "none"; other texts that stand for a missing value are refused.
    Raises DataError for a label that is missing, for dates, and for numbers that are not whole.
    """
    names: set[str] = set()
    for frame in frames:
        column = frame.column(label)
        texts = _label_texts(column)
        refuse_missing(Column("text", texts, column.texts), label, frame)
        _refuse_measurements(column, label, frame)
        names |= set(texts.tolist())
    numbers = all(is_number(name) or name.lower() in TRUTH for name in names)
    return tuple(sorted(names, key=_number_and_name if numbers else None))


def _label_texts(column: Column) -> NDArray[np.str_]:
    """The names of the classes (N,), "" for a missing one."""
    names = category_texts(column)
    return names if column.texts is None else np.where(np.char.lower(column.texts) == "none", column.texts, names)


def _number_and_name(name: str) -> tuple[float, str]:
    """The order of classes that are numbers; those that float64 does not tell apart are in the order of their texts."""
    return TRUTH.get(name.lower()) or float(name if is_number(name) else 0), name


def _refuse_measurements(column: Column, label: str, frame: Frame) -> None:
    if column.kind == "date":
        raise DataError(f'the label "{label}" of {frame.source} has dates, which are no classes; choose another column')
    if column.kind != "number":
        return
    values, known = column.values, ~column.missing
    fractions = np.flatnonzero(known & (values != np.rint(values)))
    if len(fractions) or len(np.unique(values[known])) > MOST_CLASSES:
        row = int(fractions[0]) if len(fractions) else 0
        raise DataError(
            f'{frame.row_in_words(row)} has {values[row]:g} as its label "{label}", which is a number rather than a '
            f"class; for a regression make it the target"
        )


def labels_of(frame: Frame, label: str, classes: Sequence[str]) -> NDArray[np.int64]:
    """The labels (N,) of a column as the positions of its values among the classes."""
    position = {name: k for k, name in enumerate(classes)}
    return np.array([position[text] for text in _label_texts(frame.column(label)).tolist()], np.int64)


def targets_of(frame: Frame, targets: Sequence[str]) -> NDArray[np.float64]:
    """The targets (N, T) in these columns. Raises DataError for text, dates, and values that are missing."""
    for name in targets:
        column = frame.column(name)
        if column.kind != "number":
            refuse_separators(column, name, frame, "or, where they are names, make it the label")
            what = "text" if column.kind == "text" else "dates"
            advice = "for classes make it the label" if column.kind == "text" else "write numbers, such as days"
            raise DataError(
                f'the target "{name}" of {frame.source} has {what} such as "{first(column)}", not numbers; {advice}'
            )
        refuse_missing(column, name, frame)
    return np.stack([finite(frame.column(name), name, frame) for name in targets], axis=1)


def weights_of(frame: Frame, name: str) -> NDArray[np.float32]:
    """The weights (N,) of the samples in a column. Raises DataError for text and for values that are missing."""
    column = frame.column(name)
    if column.kind != "number":
        raise DataError(f'the column of weights "{name}" of {frame.source} must have numbers')
    refuse_missing(column, name, frame)
    return column.values.astype(np.float32)
