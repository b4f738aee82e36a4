"""The values of a column as texts and as numbers, and what is refused: missing ones, infinity, text among numbers."""

import numpy as np
from numpy.typing import NDArray

from backhand.data.frames.frame import TRUTH, Column, Frame, is_number
from backhand.data.rounding import rounds_too_much
from backhand.errors import DataError

MAX_EXACT = 2.0**53  # float64 holds every whole number up to here
Floats = NDArray[np.float64]


def category_texts(column: Column) -> NDArray[np.str_]:
    """The values as names of categories (N,): a whole number without its decimal point; "" for a missing one.

    Truth values, and numbers that float64 does not hold, stay as they were written.
    """
    if column.kind != "number":
        return np.asarray(np.char.strip(column.values))
    names = ["" if np.isnan(v) else f"{v:.0f}" if v.is_integer() else repr(v) for v in column.values.tolist()]
    if column.texts is not None:
        texts, large = column.texts.tolist(), (np.abs(column.values) > MAX_EXACT).tolist()
        names = [
            text if beyond or text.lower() in TRUTH else name
            for name, text, beyond in zip(names, texts, large, strict=True)
        ]
    return np.array(names, dtype=np.str_)


def finite(column: Column, name: str, frame: Frame) -> Floats:
    """The numbers of a column.

    Raises DataError for the first that is infinite, and where float64 rounds away what tells the rows apart.
    """
    rows = np.flatnonzero(np.isinf(column.values))
    if len(rows):
        where = frame.row_in_words(int(rows[0]))
        raise DataError(f'{where} has infinity in column "{name}"{_more(rows)}; correct it or remove the row')
    known = ~column.missing
    texts = [] if column.texts is None or first(column).lower() in TRUTH else column.texts[known].tolist()
    if texts and rounds_too_much(texts, column.values[known]):
        raise DataError(
            f'column "{name}" of {frame.source} has numbers such as {first(column)}, and float64 rounds away what '
            f"tells its rows apart; subtract the smallest of them first"
        )
    return column.values


def refuse_missing(column: Column, name: str, frame: Frame, remedy: str = "fill it in or remove the row") -> None:
    """Raise DataError, with the remedy, for the first missing value of a column."""
    rows = np.flatnonzero(column.missing)
    if len(rows):
        row = int(rows[0])
        marker = "" if column.texts is None else column.texts[row]
        what = f'"{marker}", which counts as missing,' if marker else "no value"
        if marker and column.kind == "text":
            remedy += ", or write it otherwise where it is a name"
        raise DataError(f'{frame.row_in_words(row)} has {what} in column "{name}"{_more(rows)}; {remedy}')


def refuse_texts(column: Column, name: str, frame: Frame) -> None:
    """Raise DataError for the first value of a column of text or dates that the training had as numbers."""
    what = "dates" if column.kind == "date" else "text"
    rows = np.flatnonzero(~column.missing).tolist()
    row = next((row for row in rows if not is_number(column.values[row])), rows[0])
    raise DataError(
        f'{frame.row_in_words(row)} has {what} such as "{column.values[row]}" in column "{name}", and the training '
        f"data has numbers; correct it"
    )


def refuse_separators(column: Column, name: str, frame: Frame, otherwise: str) -> None:
    """Raise DataError for the first number with separators, such as 1,234 or 1_000, in a column of a file.

    In a file such a text may be a number or a name; a frame says by its types which it is.
    """
    row = column.separated() if frame.lines is not None else None
    if row is None:
        return
    text = str(column.values[row])
    whole = "".join(letter for letter in text if letter.isdigit() or letter in "+-.")
    point = text.replace(",", ".") if text.count(",") == 1 and "." not in text else ""
    raise DataError(
        f'{frame.row_in_words(row)} has "{text}" in column "{name}", and numbers have no separators: '
        f"write {whole}{f' or {point}' if is_number(point) else ''}, {otherwise}"
    )


def _more(rows: NDArray[np.intp]) -> str:
    return f" (and in {len(rows) - 1:,} more row{'s' * (len(rows) > 2)})" if len(rows) > 1 else ""


def first(column: Column) -> str:
    """The first value of a column that has one, as it was written."""
    values = column.values.tolist() if column.texts is None else column.texts.tolist()
    return next((str(value) for value, missing in zip(values, column.missing.tolist(), strict=True) if not missing), "")
