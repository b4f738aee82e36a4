"""JSON that every program reads: it knows neither NaN nor infinity, so a number that is not finite is null.

Python's own `json` writes `NaN` and `Infinity`, which no standard has (RFC 8259, section 6) and other readers refuse.
"""

import json
import math
from numbers import Integral, Real
from typing import Any


def dumps(value: Any, *, indent: int | None = None) -> str:
    """The value as JSON, numbers that are not finite as null.

    Raises TypeError for a value that JSON has no form for, such as a set or an array.
    """
    return json.dumps(finite(value), indent=indent, ensure_ascii=False, allow_nan=False)


def loads(text: str | bytes) -> Any:
    """The value of a JSON text; NaN and infinity, which earlier versions wrote, are None as null is.

    Raises ValueError for a text that is not JSON.
    """
    return json.loads(text, parse_constant=lambda _: None)


def finite(value: Any) -> Any:
    """The value with None in place of every number in it that is not finite; its dicts, lists and tuples are new.

    Numbers of other kinds, such as NumPy's, become Python's own.
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Real) and not isinstance(value, int):
        return int(value) if isinstance(value, Integral) else finite(float(value))
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value


def known(values: dict[str, Any]) -> dict[str, Any]:
    """The entries that are not null."""
    return {key: value for key, value in values.items() if value is not None}


def numbers(values: dict[str, Any]) -> dict[str, Any]:
    """Named numbers as `loads` gives them, with NaN for null."""
    return {key: math.nan if value is None else value for key, value in values.items()}
