"""Studies from and to TOML, with one sentence for whatever is wrong in them."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from copy import deepcopy
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

import tomli_w
from pydantic import ValidationError

from backhand.errors import StudyError, closest
from backhand.study.schema import Study
from backhand.study.series import Series

NO_CHANGE = ("data.path", "name", "title")
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


def shipped() -> dict[str, Study]:
    """The studies that come with the package, by name."""
    return {name: _validate(values, name) for name, values in _all_shipped().items() if "parts" not in values}


def shipped_series() -> dict[str, Series]:
    """The series that come with the package, by name."""
    return {name: _validate_series(values, name) for name, values in _all_shipped().items() if "parts" in values}


def _all_shipped() -> dict[str, dict[str, Any]]:
    folder = files("backhand").joinpath("studies")
    found = (_parse(each.read_text("utf-8"), each.name) for each in folder.iterdir() if each.name.endswith(".toml"))
    return {values["name"]: values for values in sorted(found, key=lambda values: str(values["name"]))}


def load(study: str, overrides: Sequence[str] = (), seed: int | None = None) -> Study:
    """The study of this name or in this file, with `overrides` such as "train.epochs=5" applied.

    Raises StudyError: no such study, TOML that cannot be read, an unknown key, a wrong type, an impossible value.
    """
    values, folder = _read_values(study)
    if "parts" in values:
        raise StudyError(f"{study} is a series of runs, and a single study is wanted here")
    _settle_paths(values, folder)
    changes = dict(map(_parse_override, overrides)) | ({} if seed is None else {"seed": seed})
    for path, value in changes.items():
        _set(values, path, value)
    _settle_paths(values, Path())
    _record(values, changes)
    return _validate(values, study)


def load_series(series: str, overrides: Sequence[str] = (), seed: int | None = None) -> Series:
    """The series of this name or in this file; the overrides are of every run of it. Raises StudyError as `load`."""
    values, _ = _read_values(series)
    if seed is not None:
        values["seed"] = seed
    changes = dict(map(_parse_override, overrides))
    for part in values.get("parts", ()):
        if isinstance(part, dict):
            part["set"] = part.get("set", {}) | changes
    _record(values, changes)
    return _validate_series(values, series)


def is_series(name: str) -> bool:
    """Whether the file or the shipped study of this name is a series of runs. Raises StudyError as `load`."""
    return "parts" in _read_values(name)[0]


def _read_values(name: str) -> tuple[dict[str, Any], Path]:
    """The tables of a study or a series, and the folder that its paths count from."""
    path = Path(name)
    text = _read(path) if path.suffix == ".toml" or path.is_file() else _shipped_text(name)
    return _parse(text, name), path.parent


def changed(study: Study, values: Mapping[str, Any]) -> Study:
    """The study with other values at some dotted paths, such as {"train.optimizer.lr": 0.1}, and without a search.

    A table is replaced as a whole, so that its kind may change. Raises StudyError where this makes no study.
    """
    options: dict[str, Any] = {"mode": "json", "exclude": {"search"}, "exclude_none": True}
    whole, tables = study.model_dump(**options), study.model_dump(**options, exclude_unset=True)
    for path, value in values.items():
        _set(tables, path, deepcopy(value), whole)
    return _validate(tables, study.name)


def to_toml(study: Study | Series) -> str:
    """With every value spelt out, defaults too; `load` or `load_series` reads it back to the same."""
    return tomli_w.dumps(to_values(study))


def to_values(study: Study | Series) -> dict[str, Any]:
    """The tables of `to_toml` as dictionaries of plain values."""
    return study.model_dump(mode="json", exclude_none=True)


def _shipped_text(name: str) -> str:
    file = files("backhand").joinpath("studies", f"{name}.toml")
    if not file.is_file():
        raise StudyError(f'there is no study or .toml file "{name}"{closest(name, _all_shipped())}')
    return file.read_text("utf-8")


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError as error:
        raise StudyError(f"{path} does not exist; `backhand list` shows the studies that ship") from error
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(f"{path} cannot be read as text: {error}") from error


def _parse(text: str, source: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StudyError(f"{source} is not valid TOML: {error}") from error


def _settle_paths(values: dict[str, Any], folder: Path) -> None:
    """Make paths absolute: in a file they count from the file's folder, on the command line from where one is."""
    for name, key in (("data", "path"), ("train", "init_from")):
        table = values.get(name)
        if isinstance(table, dict) and isinstance(table.get(key), str):
            table[key] = str((folder / table[key]).resolve())


def _parse_override(override: str) -> tuple[str, Any]:
    """The path and the value of "path.to.key=value"; the value is TOML, or else a plain word."""
    path, equals, text = override.partition("=")
    if not equals or not path.strip().rpartition(".")[2]:
        raise StudyError(f'"{override}" sets nothing; write --set path.to.key=value, such as train.epochs=5')
    try:
        return path.strip(), tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return path.strip(), text.strip()


def _set(values: dict[str, Any], path: str, value: Any, defaults: Mapping[str, Any] = MappingProxyType({})) -> None:
    """Set the key at this path; a table on the way that is not there begins with its defaults."""
    *tables, key = path.split(".")
    for name in tables:
        defaults = defaults.get(name, {})
        values = values.setdefault(name, deepcopy(defaults))
        if not isinstance(values, dict):
            raise StudyError(f"{path} is a key of {name}, which is a value and no table")
    values[key] = value


def _record(values: dict[str, Any], changes: Mapping[str, Any]) -> None:
    """Keep what the command line changed, beside what it changed before; where the data lies changes no experiment."""
    known = values.get("changes", {})
    values["changes"] = known | {path: value for path, value in changes.items() if path not in NO_CHANGE}


def _validate(values: dict[str, Any], source: str) -> Study:
    try:
        return Study.model_validate(values)
    except ValidationError as error:
        raise StudyError(f"{source}: {_sentence(error, values)}") from None


def _validate_series(values: dict[str, Any], source: str) -> Series:
    try:
        return Series.model_validate(values)
    except ValidationError as error:
        raise StudyError(f"{source}: {_sentence(error, values)}") from None


def _sentence(error: ValidationError, values: dict[str, Any]) -> str:
    """The first thing that is wrong, as "path.of.key: what"."""
    path = _path(error.errors()[0]["loc"], values)
    # A union complains once for each of its forms: a wrong value says more than a wrong type.
    same = [each for each in error.errors() if _path(each["loc"], values) == path]
    first = min(same, key=lambda each: each["type"].endswith("_type"))
    message = first["msg"].removeprefix("Value error, ")
    for python, plain in PLAIN.items():
        message = re.sub(python, plain, message)
    if first["type"] == "missing":
        message = f"the key {first['loc'][-1]} is missing"
    elif first["type"] == "union_tag_invalid":
        context = first["ctx"]
        path += f".{context['discriminator'].strip(chr(39))}"
        expected = context["expected_tags"].replace("'", "").split(", ")
        message = f'there is no "{context["tag"]}"{closest(context["tag"], expected)}'
    elif first["type"] == "union_tag_not_found":
        message = f"the key {first['ctx']['discriminator'].strip(chr(39))} is missing"
    elif first["type"] not in ("unknown_key", "value_error"):
        message += f", not {first['input']!r}"
    return f"{path}: {message}" if path else message


def _path(location: tuple[Any, ...], values: Any) -> str:
    """The dotted path of a key; pydantic's location also names the chosen form of a table, which is no key."""
    parts: list[str] = []
    for part in location:
        if (isinstance(values, dict) and part in values) or (isinstance(values, list) and isinstance(part, int)):
            parts.append(str(part))
            values = values[part]
    return ".".join(parts)
