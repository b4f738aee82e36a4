"""The encoding of a table's columns as numbers, fitted to the training rows and applied to any others."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from backhand.data.frames.frame import Column, Frame, listed
from backhand.data.frames.values import category_texts, finite, first, refuse_missing, refuse_separators, refuse_texts
from backhand.errors import DataError

Missing = Literal["refuse", "mean", "median", "most_frequent"]
MOST_CATEGORIES = 100  # of a column: more of them are names or sentences rather than categories
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class EncodedColumn:
    """How a column becomes numbers.

    categories: the texts that it can have, one column of 0 and 1 for each; of two, one column for the second. Empty for
    a column of numbers, which stay as they are. fill: the value in place of a missing one; None: it is refused.
    Raises ValueError for categories that are not in order, and for a fill that is no value of the column.
    """

    name: str
    categories: tuple[str, ...] = ()
    fill: float | str | None = None

    def __post_init__(self) -> None:
        if list(self.categories) != sorted(set(self.categories)):
            raise ValueError(f'the categories of column "{self.name}" must be in order, and each of them once')
        if self.fill is not None and (
            self.fill not in self.categories if self.categories else isinstance(self.fill, str)
        ):
            raise ValueError(f'the fill of column "{self.name}" is none of its values: {self.fill}')

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the features that it becomes, such as "age", or "colour=blue"."""
        if not self.categories:
            return (self.name,)
        shown = self.categories[1:] if len(self.categories) == 2 else self.categories
        return tuple(f"{self.name}={category}" for category in shown)

    def encode(self, frame: Frame) -> Floats:
        """The features (N, F) of this column. Raises DataError, naming the row, for a value that it cannot encode."""
        column = frame.column(self.name)
        values = self._filled(column, frame)
        if not self.categories:
            return values[:, None]
        known = np.array(self.categories)
        if column.texts is not None:  # a text of the training may look like a number among other rows: 01
            values = np.where(np.isin(column.texts, known) & ~column.missing, column.texts, values)
        index = np.minimum(np.searchsorted(known, values), len(known) - 1)
        unknown = np.flatnonzero(known[index] != values)
        if len(unknown):
            row = int(unknown[0])
            raise DataError(
                f'{frame.row_in_words(row)} has "{values[row]}" in column "{self.name}", which no row of the training '
                f"data has; known are {', '.join(self.categories[:8])}{' ...' * (len(known) > 8)}"
            )
        one_hot = np.eye(len(known))[index]
        return one_hot[:, 1:] if len(known) == 2 else one_hot

    def _filled(self, column: Column, frame: Frame) -> NDArray[Any]:
        """The values as this column takes them, numbers or texts, with missing ones filled."""
        if not self.categories and column.kind != "number":
            if not column.missing.all():
                refuse_texts(column, self.name, frame)
            column = Column("number", np.full(len(column.values), np.nan))
        values = category_texts(column) if self.categories else finite(column, self.name, frame)
        if not column.missing.any():
            return values
        if self.fill is None:
            refuse_missing(column, self.name, frame)
        fill: Any = self.fill
        return np.where(column.missing, fill, values)


@dataclass(frozen=True)
class Remedies:
    """What to do, as the end of a sentence, in the words of whoever is told: a caller in Python, or a study's author.

    missing: about a missing value. leave_out: about a column that is of no use. names: about numbers that are names.
    """

    missing: str = "fill it in or remove the row"
    leave_out: str = "leave it out"
    names: str = "or, where they are names, make them texts with a letter"


REMEDIES = Remedies()


@dataclass(frozen=True)
class Encoding:
    """How the columns of a table become the features of a network, in this order."""

    columns: tuple[EncodedColumn, ...]

    @classmethod
    def fit(
        cls,
        frame: Frame,
        names: Iterable[str],
        categories: Collection[str] = (),
        missing: Missing = "refuse",
        *,
        beside: Frame | None = None,
        remedies: Remedies = REMEDIES,
    ) -> Self:
        """Fit the encoding to the training rows.

        names: the columns to use. categories: columns of numbers that name categories, such as postcodes.
        missing: what stands in place of a missing value: the mean or the median of a column of numbers, or the most
        frequent value; of categories it is the most frequent one whatever is asked.
        beside: further rows of the same file, whose texts are categories as well; nothing else is taken from them.
        remedies: the ends of the sentences of errors.
        Raises DataError for columns of dates, columns with too many categories, numbers with separators such as 1,234,
        and missing values that are refused.
        """
        how = _Fit(frame, beside, missing, remedies)
        fitted = tuple(how.column(name, name in categories) for name in names)
        if not fitted:
            raise DataError(f"{frame.source} has no column to learn from; leave out fewer")
        return cls(fitted)

    @property
    def features(self) -> tuple[str, ...]:
        """The names of all features, (F,)."""
        return tuple(feature for column in self.columns for feature in column.features)

    @property
    def is_numeric(self) -> bool:
        """Whether all columns are numbers, so that each is a feature as it stands."""
        return not any(column.categories for column in self.columns)

    def encode(self, frame: Frame) -> Floats:
        """The features (N, F) of the rows; other columns of the table are not looked at.

        Raises DataError for columns that are missing, for a table without rows, and as `EncodedColumn.encode` does.
        """
        if not len(frame):
            raise DataError(f"{frame.source} has no rows")
        absent = [column.name for column in self.columns if column.name not in frame.columns]
        if absent:
            noun, those = ("columns", "them") if len(absent) > 1 else ("column", "it")
            raise DataError(f"{frame.source} has no {noun} {listed(absent)}, which the training data had; add {those}")
        return np.concatenate([column.encode(frame) for column in self.columns], axis=1)


@dataclass(frozen=True)
class _Fit:
    """The fit of an encoding: the training rows, further rows of the file, and what is asked."""

    frame: Frame
    beside: Frame | None
    missing: Missing
    remedies: Remedies

    def column(self, name: str, as_categories: bool) -> EncodedColumn:
        """How the column of this name is encoded."""
        frame, column = self.frame, self.frame.column(name)
        if column.kind == "date":
            raise DataError(
                f'column "{name}" of {frame.source} has dates, such as {first(column)}; replace it by numbers that '
                f"matter, such as the year, the month, or days since the first, or {self.remedies.leave_out}"
            )
        rows = [frame] if self.beside is None else [frame, self.beside]
        for part in rows if self.missing == "refuse" else ():
            refuse_missing(part.column(name), name, part, self.remedies.missing)
        if column.missing.all():
            raise DataError(f'column "{name}" of {frame.source} has no values; {self.remedies.leave_out}')
        if column.kind == "number" and not as_categories:
            known = finite(column, name, frame)[~column.missing]
            return EncodedColumn(name, fill=None if self.missing == "refuse" else _fill(known, self.missing))
        if not as_categories:
            for part in rows:
                refuse_separators(part.column(name), name, part, self.remedies.names)
        return self._categories(name, [part.column(name) for part in rows])

    def _categories(self, name: str, columns: list[Column]) -> EncodedColumn:
        """The column as categories, those of all rows; the most frequent one is that of the training rows."""
        training, *others = (category_texts(column)[~column.missing] for column in columns)
        categories, counts = np.unique(training, return_counts=True)
        every = np.unique(np.concatenate([categories, *others]))
        if len(every) > MOST_CATEGORIES:
            raise DataError(
                f'column "{name}" of {self.frame.source} has {len(every):,} different texts in '
                f'{len(training) + sum(map(len, others)):,} rows, such as "{every[0]}": too many for categories; '
                f"{self.remedies.leave_out}"
            )
        fill = None if self.missing == "refuse" else str(categories[counts.argmax()])
        return EncodedColumn(name, tuple(every.tolist()), fill)


def _fill(known: Floats, missing: Missing) -> float:
    if missing == "most_frequent":
        values, counts = np.unique(known, return_counts=True)
        return float(values[counts.argmax()])
    return float(np.mean(known) if missing == "mean" else np.median(known))
