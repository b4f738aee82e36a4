"""One sentence for the first error that pydantic finds in a study or a series."""

import re
from typing import Any

from pydantic import ValidationError

from backhand.errors import closest
from backhand.study.keys import kinds, suggestion

PLAIN = {  # pydantic's words, as regular expressions, and those for the reader of a TOML file
    r"Input should be|Input is": "must be",
    r"a valid tuple": "a list",
    r"a valid integer": "a whole number",
    r"a valid number": "a number",
    r"a valid string": "text",
    r"a valid boolean": "true or false",
    r"a valid dictionary.*": "a table",
    r"not a valid path.*": "a path",
    r"(Tuple|Dictionary) should have at least 1 item.*": "needs at least 1 entry",
    r"(Tuple|Dictionary) should have at least (\d+) items.*": r"needs at least \2 entries",
    r"String should match pattern.*": (
        'must consist of letters, digits, "-", "_" and ".", and begin with a letter or digit'
    ),
}


def sentence(error: ValidationError, values: dict[str, Any], *, series: bool = False) -> str:
    """The first error, as "path.of.key: what is wrong"; a series suggests keys of the same table alone."""
    path = _path(error.errors()[0]["loc"], values)
    # A union reports one error for each of its forms; a wrong value says more than a wrong type.
    candidates = [candidate for candidate in error.errors() if _path(candidate["loc"], values) == path]
    first = min(candidates, key=lambda candidate: candidate["type"].endswith("_type"))
    if first["type"] == "unknown_key":
        message = _unknown(path, first["ctx"], series=series)
    elif first["type"] == "missing":
        message = f'the key "{first["loc"][-1]}" is missing'
    elif first["type"] == "union_tag_invalid":
        context = first["ctx"]
        key = context["discriminator"].strip("'")
        path += f".{key}"
        expected = context["expected_tags"].replace("'", "").split(", ")
        message = f'unknown {key} "{context["tag"]}"{closest(context["tag"], expected)}'
    elif first["type"] == "union_tag_not_found":
        key = first["ctx"]["discriminator"].strip("'")
        message = f'the key "{key}" is missing'
    else:
        message = _plain(first["msg"]) + _given(first, path)
    return f"{path}: {message}" if path else message


def _unknown(path: str, context: dict[str, Any], *, series: bool) -> str:
    key, siblings = context["key"], context["siblings"]
    hint = closest(key, siblings) if series else suggestion(f"{path}.{key}" if path else key, siblings)
    return f'unknown key "{key}"{hint}'


def _plain(message: str) -> str:
    message = message.removeprefix("Value error, ")
    for python, plain in PLAIN.items():
        message = re.sub(python, plain, message)
    return message


def _given(error: Any, path: str) -> str:
    """The value given; and how to choose a kind, where the name of one was given instead of its table."""
    if error["type"] == "value_error":
        return ""
    value = error["input"]
    kind = kinds().get(path)
    remedy = f"; to choose a kind, set {path}.{kind.key}" if kind and isinstance(value, str) else ""
    return f", not {value!r}{remedy}"


def _path(location: tuple[Any, ...], values: Any) -> str:
    """The dotted path of a key; pydantic's location also names the chosen form of a table, which is left out."""
    keys: list[str] = []
    for key in location:
        if (isinstance(values, dict) and key in values) or (isinstance(values, list) and isinstance(key, int)):
            keys.append(str(key))
            values = values[key]
    return ".".join(keys)
