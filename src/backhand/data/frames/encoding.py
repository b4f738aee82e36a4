"""The encoding of a table's columns as numbers, fitted to the training rows and applied to any others."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from backhand.data.frames.frame import Column, Frame, listed
from backhand.errors import DataError

Missing = Literal["refuse", "mean", "median", "most_frequent"]
FILL_IN = 'fill it in, remove the row, or set missing to "median", "mean" or "most_frequent"'
MOST_CATEGORIES = 100  # of a column: more of them are names or sentences rather than categories
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class EncodedColumn:
    """How a column becomes numbers.

    categories: the texts that it can have, one column of 0 and 1 for each; of two, one column for the second. Empty for
    a column of numbers, which stay as they are. fill: the value in place of a missing one; None: it is refused.
    """

    name: str
    categories: tuple[str, ...] = ()
    fill: float | str | None = None

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
            what = "dates" if column.kind == "date" else "text"
            raise DataError(
                f'column "{self.name}" of {frame.source} has {what} such as "{_first(column)}", and numbers in the '
                f"training data"
            )
        values = category_texts(column) if self.categories else finite(column, self.name, frame)
        if not column.missing.any():
            return values
        if self.fill is None:
            refuse_missing(column, self.name, frame)
        fill: Any = self.fill
        return np.where(column.missing, fill, values)


@dataclass(frozen=True)
class Encoding:
    """How the columns of a table become the features of a network, in this order."""

    columns: tuple[EncodedColumn, ...]

    @classmethod
    def fit(
        cls, frame: Frame, names: Iterable[str], categories: Collection[str] = (), missing: Missing = "refuse"
    ) -> Self:
        """Fit the encoding to the training rows.

        names: the columns to use. categories: columns of numbers that name categories, such as postcodes.
        missing: what stands in place of a missing value: the mean or the median of a column of numbers, or the most
        frequent value; of categories it is the most frequent one whatever is asked.
        Raises DataError for columns of dates, columns with too many categories, and missing values that are refused.
        """
        fitted = tuple(_fit_column(frame, name, name in categories, missing) for name in names)
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

    def facts(self) -> list[dict[str, Any]]:
        """The encoding as JSON can hold it."""
        return [asdict(column) for column in self.columns]

    @classmethod
    def from_facts(cls, facts: Iterable[Mapping[str, Any]]) -> Self:
        """The encoding that `facts` describes."""
        return cls(tuple(EncodedColumn(**{**fact, "categories": tuple(fact["categories"])}) for fact in facts))


def _fit_column(frame: Frame, name: str, as_categories: bool, missing: Missing) -> EncodedColumn:
    column = frame.column(name)
    if column.kind == "date":
        raise DataError(
            f'column "{name}" of {frame.source} has dates, such as {_first(column)}; '
            f"replace it by numbers that matter, such as the year, the month, or days since the first, or leave it out"
        )
    if column.missing.any() and missing == "refuse":
        refuse_missing(column, name, frame, FILL_IN)
    if column.missing.all():
        raise DataError(f'column "{name}" of {frame.source} has no values; leave it out')
    if column.kind == "number" and not as_categories:
        known = finite(column, name, frame)[~column.missing]
        return EncodedColumn(name, fill=None if missing == "refuse" else _fill(known, missing))
    texts = category_texts(column)[~column.missing]
    categories, counts = np.unique(texts, return_counts=True)
    if len(categories) > MOST_CATEGORIES:
        raise DataError(
            f'column "{name}" of {frame.source} has {len(categories):,} different texts in {len(texts):,} rows, such '
            f'as "{categories[0]}": too many for categories; leave it out'
        )
    fill = None if missing == "refuse" else str(categories[counts.argmax()])
    return EncodedColumn(name, tuple(categories.tolist()), fill)


def _fill(known: Floats, missing: Missing) -> float:
    if missing == "most_frequent":
        values, counts = np.unique(known, return_counts=True)
        return float(values[counts.argmax()])
    return float(np.mean(known) if missing == "mean" else np.median(known))


def category_texts(column: Column) -> NDArray[np.str_]:
    """The values as texts (N,): a whole number without its decimal point; "" for a missing one."""
    if column.kind != "number":
        return np.asarray(np.char.strip(column.values))
    return np.array(["" if np.isnan(v) else f"{v:.0f}" if v.is_integer() else repr(v) for v in column.values.tolist()])


def finite(column: Column, name: str, frame: Frame) -> Floats:
    """The numbers of a column. Raises DataError for the first that is infinite."""
    rows = np.flatnonzero(np.isinf(column.values))
    if len(rows):
        where = frame.row_in_words(int(rows[0]))
        raise DataError(f'{where} has infinity in column "{name}"{_more(rows)}; correct it or remove the row')
    return column.values


def refuse_missing(column: Column, name: str, frame: Frame, remedy: str = "fill it in or remove the row") -> None:
    """Raise DataError, with the remedy, for the first missing value of a column."""
    rows = np.flatnonzero(column.missing)
    if len(rows):
        where = frame.row_in_words(int(rows[0]))
        raise DataError(f'{where} has no value in column "{name}"{_more(rows)}; {remedy}')


def _more(rows: NDArray[np.intp]) -> str:
    return f" (and in {len(rows) - 1:,} more row{'s' * (len(rows) > 2)})" if len(rows) > 1 else ""


def _first(column: Column) -> str:
    """The first text or date of a column that has one."""
    return next(filter(None, column.values.tolist()), "")
