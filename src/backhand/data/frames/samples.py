"""Labels, targets and weights from the columns of a table."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from backhand.data.frames.encoding import category_texts, refuse_missing
from backhand.data.frames.frame import Column, Frame
from backhand.errors import DataError

MOST_CLASSES = 1000  # more different numbers than this are measured, not counted


def class_names(frames: Iterable[Frame], label: str) -> tuple[str, ...]:
    """The names of the classes in a column, of all tables together, numbers in their order and texts in theirs.

    Raises DataError for a label that is missing, for dates, and for numbers that are not whole.
    """
    columns = [(frame, frame.column(label)) for frame in frames]
    for frame, column in columns:
        refuse_missing(column, label, frame)
        _refuse_measurements(column, label, frame)
    names = set(np.concatenate([category_texts(column) for _, column in columns]).tolist())
    if all(column.kind == "number" for _, column in columns):
        return tuple(sorted(names, key=float))
    return tuple(sorted(names))


def _refuse_measurements(column: Column, label: str, frame: Frame) -> None:
    if column.kind == "date":
        raise DataError(f'the label "{label}" of {frame.source} has dates, which are no classes; choose another column')
    if column.kind != "number":
        return
    values = column.values
    fractions = np.flatnonzero(values != np.rint(values))
    if len(fractions) or len(np.unique(values)) > MOST_CLASSES:
        row = int(fractions[0]) if len(fractions) else 0
        raise DataError(
            f'{frame.row_in_words(row)} has {values[row]:g} as its label "{label}", which is a number rather than a '
            f'class; for a regression set data.target = "{label}"'
        )


def labels_of(frame: Frame, label: str, classes: Sequence[str]) -> NDArray[np.int64]:
    """The labels (N,) of a column as the positions of its values among the classes."""
    position = {name: k for k, name in enumerate(classes)}
    return np.array([position[text] for text in category_texts(frame.column(label)).tolist()], np.int64)


def targets_of(frame: Frame, targets: Sequence[str]) -> NDArray[np.float64]:
    """The targets (N, T) in these columns. Raises DataError for text, dates, and values that are missing."""
    for name in targets:
        column = frame.column(name)
        if column.kind != "number":
            value = next(filter(None, column.values.tolist()), "")
            advice = f'; for classes set data.label = "{name}"' if column.kind == "text" else ""
            raise DataError(f'the target "{name}" of {frame.source} has text such as "{value}", not numbers{advice}')
        refuse_missing(column, name, frame)
    return np.stack([frame.column(name).values for name in targets], axis=1)


def weights_of(frame: Frame, name: str) -> NDArray[np.float32]:
    """The weights (N,) of the samples in a column. Raises DataError for text and for values that are missing."""
    column = frame.column(name)
    if column.kind != "number":
        raise DataError(f'the column of weights "{name}" of {frame.source} must have numbers')
    refuse_missing(column, name, frame)
    return column.values.astype(np.float32)
