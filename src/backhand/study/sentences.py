"""One sentence for whatever pydantic finds wrong in a study or a series."""

import re
from typing import Any

from pydantic import ValidationError

from backhand.errors import closest
from backhand.study.keys import kinds, suggestion

PLAIN = {  # pydantic's words (regular expressions), and those of a person with a TOML file
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
    r"String should match pattern.*": 'may hold letters, digits, "-", "_" and ".", and begins with a letter or digit',
}


def sentence(error: ValidationError, values: dict[str, Any], *, series: bool = False) -> str:
    """The first thing that is wrong, as "path.of.key: what"; of a series, keys are suggested from its own tables."""
    path = _path(error.errors()[0]["loc"], values)
    # A union complains once for each of its forms: a wrong value says more than a wrong type.
    same = [each for each in error.errors() if _path(each["loc"], values) == path]
    first = min(same, key=lambda each: each["type"].endswith("_type"))
    if first["type"] == "unknown_key":
        message = _unknown(path, first["ctx"], series=series)
    elif first["type"] == "missing":
        message = f"the key {first['loc'][-1]} is missing"
    elif first["type"] == "union_tag_invalid":
        context = first["ctx"]
        path += f".{context['discriminator'].strip(chr(39))}"
        expected = context["expected_tags"].replace("'", "").split(", ")
        message = f'there is no "{context["tag"]}"{closest(context["tag"], expected)}'
    elif first["type"] == "union_tag_not_found":
        message = f"the key {first['ctx']['discriminator'].strip(chr(39))} is missing"
    else:
        message = _plain(first["msg"]) + _but(first, path)
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


def _but(error: Any, path: str) -> str:
    """What was given instead, and for the name of a kind where its table belongs, how to write it."""
    if error["type"] == "value_error":
        return ""
    given = error["input"]
    kind = kinds().get(path)
    how = f"; to choose a kind, set {path}.{kind.key}" if kind and isinstance(given, str) else ""
    return f", not {given!r}{how}"


def _path(location: tuple[Any, ...], values: Any) -> str:
    """The dotted path of a key; pydantic's location also names the chosen form of a table, which is no key."""
    parts: list[str] = []
    for part in location:
        if (isinstance(values, dict) and part in values) or (isinstance(values, list) and isinstance(part, int)):
            parts.append(str(part))
            values = values[part]
    return ".".join(parts)
