"""JSON that every program can read: a number that is not finite becomes null.

Python's own `json` writes `NaN` and `Infinity`, which the standard forbids (RFC 8259, section 6) and other readers
refuse.
"""

import json
import math
from numbers import Integral, Real
from typing import Any


def dumps(value: Any, *, indent: int | None = None) -> str:
    """The value as JSON, with null for numbers that are not finite.

    Raises TypeError for a value that JSON cannot hold, such as a set or an array.
    """
    return json.dumps(finite(value), indent=indent, ensure_ascii=False, allow_nan=False)


def loads(text: str | bytes) -> Any:
    """The value of a JSON text, with None for null, and for NaN and infinity, which earlier versions wrote.

    Raises ValueError for a text that is not JSON.
    """
    return json.loads(text, parse_constant=lambda _: None)


def finite(value: Any) -> Any:
    """A copy of the value with None in place of every number that is not finite.

    Numbers of other types, such as NumPy's, become Python's own, and tuples become lists.
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


def numbers(values: dict[str, Any]) -> dict[str, Any]:
    """Named numbers with NaN for None, which is how `loads` returns a number that was not finite."""
    return {key: math.nan if value is None else value for key, value in values.items()}
