"""Tables from the frames of pandas and polars, and from dictionaries of arrays, without importing any of them."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backhand.data.frames.frame import Column, Frame, is_marker
from backhand.data.frames.values import MAX_EXACT
from backhand.errors import DataError


def is_frame(x: Any) -> bool:
    """Whether x has named columns: a frame of pandas or polars, or a dictionary of arrays."""
    return isinstance(x, Mapping) or (hasattr(x, "columns") and hasattr(x, "__getitem__") and hasattr(x, "shape"))


def frame_of(x: Any, source: str = "the frame") -> Frame:
    """The table in a frame of pandas or polars, or in a dictionary of arrays (N,).

    Raises DataError for columns of unequal length, names that are not text or occur twice, and values that are neither
    numbers nor text.
    """
    names = list(x.keys() if isinstance(x, Mapping) else x.columns)
    for k, name in enumerate(names):
        if not isinstance(name, str):
            raise DataError(f"column {k} of {source} is named {name!r}; name the columns by text")
        if name in names[:k]:
            raise DataError(f'two columns of {source} are named "{name}"; give each its own name')
    columns = {name: column_of(x[name], f'column "{name}" of {source}') for name in names}
    lengths = {len(column.values) for column in columns.values()}
    if len(lengths) > 1:
        raise DataError(f"the columns of {source} have the lengths {', '.join(map(str, sorted(lengths)))}")
    return Frame(columns, source)


def column_of(series: Any, where: str) -> Column:
    """The column in a series of pandas or polars, a list, or an array (N,); durations become seconds.

    Raises DataError as `frame_of` does.
    """
    values = series.to_numpy() if hasattr(series, "to_numpy") else np.asarray(series)
    if values.ndim != 1:
        raise DataError(f"{where} has the shape {values.shape}; a column has one axis")
    if values.dtype.kind in "biuf":
        return _of_numbers(values)
    if values.dtype.kind == "m":
        return Column("number", values / np.timedelta64(1, "s"))
    if values.dtype.kind == "M":
        return Column("date", np.where(np.isnat(values), "", np.datetime_as_string(values).astype(np.str_)))
    if values.dtype.kind in "US":
        return _of_texts(values.astype(np.str_).tolist())
    return _of_objects(values, where)


def _of_numbers(values: NDArray[Any]) -> Column:
    """The column of numbers, with their texts where float64 does not hold whole ones, and of truth values."""
    numbers = values.astype(np.float64)
    is_wide = values.dtype.kind in "iu" and bool((np.abs(numbers) > MAX_EXACT).any())
    return Column("number", numbers, values.astype(np.str_) if is_wide or values.dtype.kind == "b" else None)


def _of_objects(values: NDArray[Any], where: str) -> Column:
    """The column of Python objects: numbers, truth values, text, or dates; None, NaN and NA are missing."""
    objects = [None if is_missing(value) else value for value in values.tolist()]
    known = [value for value in objects if value is not None]
    if all(isinstance(value, bool | int | float | np.number | np.bool_) or _is_decimal(value) for value in known):
        numbers = np.array([np.nan if value is None else _as_float(value) for value in objects])
        texts = np.array(["" if value is None else str(value) for value in objects], np.str_)
        keeps = bool((np.abs(numbers) > MAX_EXACT).any()) or any(isinstance(value, bool | np.bool_) for value in known)
        return Column("number", numbers, texts if keeps else None)
    if all(isinstance(value, str) for value in known):
        return _of_texts([value or "" for value in objects])
    if all(isinstance(value, timedelta) for value in known):
        return Column("number", np.array([np.nan if value is None else value.total_seconds() for value in objects]))
    if all(hasattr(value, "isoformat") for value in known):
        return Column("date", np.array(["" if value is None else value.isoformat() for value in objects], np.str_))
    kinds = sorted({type(value).__name__ for value in known})
    if len(kinds) > 1:
        raise DataError(f"{where} holds values of the types {', '.join(kinds)}; make them all numbers, or all text")
    raise DataError(f"{where} holds values of the type {kinds[0]}; numbers and text can be used")


def is_missing(value: Any) -> bool:
    """Whether the value is None, NaN, NaT or pandas' NA, which equal nothing, not even themselves."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float) and np.isnan(value)


def _is_decimal(value: Any) -> bool:
    return type(value).__name__ in ("Decimal", "Fraction")


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:  # of a whole number beyond float64
        return float("inf") if value > 0 else float("-inf")


def _of_texts(texts: Sequence[str]) -> Column:
    written = [text.strip() for text in texts]
    return Column("text", np.array(["" if is_marker(text) else text for text in written], np.str_), np.array(written))
