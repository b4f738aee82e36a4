"""A table with named columns, as people have it: numbers, text, truth values and dates, with missing values."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from backhand.errors import DataError, closest

Kind = Literal["number", "text", "date"]
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "#n/a", "<na>"})  # in lower case
TRUTH = {"true": 1.0, "false": 0.0}
_DAY = r"\d{4}-\d{1,2}-\d{1,2}|\d{4}/\d{1,2}/\d{1,2}|\d{1,2}[/.]\d{1,2}[/.](\d{2}|\d{4})"
DATE = re.compile(rf"({_DAY})([ T].*)?")
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")  # which may as well be a decimal comma
SEPARATED = re.compile(r"[+-]?(\d{1,3}(['’ \u00a0\u202f]\d{3})+|\d+([,_.]\d+)*[,_]\d+)(\.\d*)?")


@dataclass(frozen=True)
class Column:
    """One column (N,): numbers in float64, with NaN where one is missing, or text, with "" there.

    texts: the values as they were written, without spaces around them; None for numbers that float64 says in full.
    """

    kind: Kind
    values: NDArray[Any]
    texts: NDArray[np.str_] | None = None

    @cached_property
    def missing(self) -> NDArray[np.bool_]:
        """Which values are missing, (N,)."""
        return np.isnan(self.values) if self.kind == "number" else self.values == ""

    def take(self, index: NDArray[np.intp]) -> "Column":
        """The rows at these indices, in this order."""
        return Column(self.kind, self.values[index], None if self.texts is None else self.texts[index])

    @classmethod
    def of_texts(cls, texts: Iterable[str], *, decimal_comma: bool = False) -> "Column":
        """The column that these texts stand for.

        Numbers where all of them are numbers or missing; true and false are 1 and 0.
        decimal_comma: whether the decimal point may be a comma. It is one only where the numbers show it: 1,5 is a
        number, and a column of 1,234 and 12,500 is text.
        """
        stripped = [text.strip() for text in texts]
        present = ["" if is_marker(text) else text for text in stripped]
        known = [text for text in present if text]
        numbers, written = _numbers(present, known, decimal_comma), np.array(stripped, dtype=np.str_)
        if numbers is not None:
            return cls("number", numbers, written)
        dates = bool(known) and all(DATE.fullmatch(text) for text in known)
        return cls("date" if dates else "text", np.array(present, dtype=np.str_), written)

    def separated(self) -> int | None:
        """The first row of a number with separators, such as 1,234 or 1_000, in a column of such numbers and others."""
        if self.kind != "text":
            return None
        rows = [row for row, text in enumerate(self.values.tolist()) if text and not is_number(text)]
        return rows[0] if rows and all(SEPARATED.fullmatch(self.values[row]) for row in rows) else None


@dataclass(frozen=True)
class Frame:
    """Columns by name, all of one length.

    source: what it is, for messages, such as "houses.csv". lines: where each row is, for messages, (N,); None: rows are
    counted from 0.
    """

    columns: Mapping[str, Column]
    source: str
    lines: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())).values) if self.columns else 0

    def column(self, name: str) -> Column:
        """The column of this name. Raises DataError, with the nearest name, where there is none."""
        if name not in self.columns:
            hint = closest(name, self.columns)
            raise DataError(f'{self.source} has no column "{name}"{hint or "; it has " + listed(self.columns)}')
        return self.columns[name]

    def row_in_words(self, index: int) -> str:
        """A row for a message: "line 7 of houses.csv", or "row 5 of the frame, counted from 0"."""
        if self.lines is not None:
            return f"line {self.lines[index]} of {self.source}"
        return f"row {index} of {self.source}, counted from 0,"

    def take(self, index: NDArray[np.intp]) -> "Frame":
        """The rows at these indices, in this order."""
        columns = {name: column.take(index) for name, column in self.columns.items()}
        return Frame(columns, self.source, None if self.lines is None else self.lines[index])


def is_marker(text: str) -> bool:
    """Whether the text stands for a missing value."""
    return text.strip().lower() in MISSING


def is_number(text: str) -> bool:
    """Whether the text is a number; 1_000 is none, though Python reads it."""
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def _numbers(present: list[str], known: list[str], decimal_comma: bool) -> NDArray[np.float64] | None:
    """The texts as numbers; None where one is not a number."""
    if known and all(text.lower() in TRUTH for text in known):
        return np.array([TRUTH.get(text.lower(), np.nan) for text in present])
    if any("_" in text for text in known):
        return None
    with_comma = [text for text in known if "," in text]
    if with_comma:
        if not decimal_comma or any("." in text for text in known) or all(map(THOUSANDS.fullmatch, with_comma)):
            return None
        if not all(map(DECIMAL_COMMA.fullmatch, with_comma)):
            return None
        present = [text.replace(",", ".") for text in present]
    try:
        return np.array([text or "nan" for text in present], dtype=np.str_).astype(np.float64)
    except ValueError:
        return None


def listed(names: Iterable[str]) -> str:
    """Names in quotation marks, with the number of those after the eighth."""
    items = list(names)
    return ", ".join(f'"{name}"' for name in items[:8]) + (f" and {len(items) - 8} more" if len(items) > 8 else "")
