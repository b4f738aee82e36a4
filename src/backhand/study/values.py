"""Plain values at dotted paths of a study: set, changed in kind, and paths made whole, before anything is checked."""

import tomllib
import warnings
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from types import MappingProxyType
from typing import Any

import tomli_w

from backhand.errors import BackhandWarning, StudyError
from backhand.files.paths import as_path
from backhand.study.keys import Kind, kinds

Tables = dict[str, Any]
Changes = Mapping[str, Any]  # by the dotted path of a key
PATHS = ("data.path", "train.init_from", "extend.run", "extend.path")
NOTHING: Mapping[str, Any] = MappingProxyType({})


def parse_override(override: str) -> tuple[str, Any]:
    """The path and the value of "path.to.key=value"; the value is TOML, or else a plain word."""
    path, equals, text = override.partition("=")
    if not equals or not path.strip().rpartition(".")[2]:
        raise StudyError(f'"{override}" sets nothing; write --set path.to.key=value, such as train.epochs=5')
    try:
        return path.strip(), tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return path.strip(), text.strip()


def override(path: str, value: Any) -> str:
    """The text that `parse_override` takes apart into this path and value."""
    return f"{path}={inline(value)}"


def inline(value: Any) -> str:
    """A value as TOML on one line."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(inline, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{inline(str(key))} = {inline(each)}' for key, each in value.items())}}}"
    return tomli_w.dumps({"value": value}).partition("=")[2].strip()


def apply(tables: Tables, changes: Changes, defaults: Mapping[str, Any] = NOTHING) -> None:
    """Set every change; where one chooses another kind, the values of the old kind give way to the new one's defaults.

    A BackhandWarning says what is dropped. A table is set before single keys of it, in whatever order they are given,
    so that no change undoes another one. defaults: what a table on the way begins with that is not there.
    """
    for path, kind in kinds().items():
        below = any(each.startswith(f"{path}.") for each in changes)
        if below and path not in changes:
            _choose(tables, path, kind, changes, defaults)
    for path, value in sorted(changes.items(), key=lambda change: change[0].count(".")):
        set_value(tables, path, deepcopy(value), defaults)


def merged(own: Changes, changes: Changes) -> dict[str, Any]:
    """Changes upon changes: a later one replaces what it covers, and another kind brings its own defaults, as above."""
    whole = {path: value for path, value in own.items() if not any(covers(change, path) for change in changes)}
    for path, kind in kinds().items():
        name = changes.get(f"{path}.{kind.key}")
        table = whole.get(path)
        if name in kind.names and isinstance(table, dict) and table.get(kind.key) != name:
            _tell(path, kind, name, table, changes)
            whole[path] = {kind.key: name}
    return whole | dict(changes)


def set_value(tables: Tables, path: str, value: Any, defaults: Mapping[str, Any] = NOTHING) -> None:
    """Set the key at this path; a table on the way that is not there begins with its defaults."""
    *above, key = path.split(".")
    for name in above:
        defaults = defaults.get(name, {})
        tables = tables.setdefault(name, deepcopy(defaults))
        if not isinstance(tables, dict):
            raise StudyError(f"there is no key {path}: {name} is a value, not a table")
    tables[key] = value


def value_at(tables: Mapping[str, Any], path: str) -> Any:
    """The value at this path; None where there is none."""
    for name in path.split("."):
        if not isinstance(tables, Mapping) or name not in tables:
            return None
        tables = tables[name]
    return tables


def settle_paths(tables: Tables, folder: Path) -> None:
    """Make the paths in a study's tables whole: those in a file count from its folder."""
    for table, key in (path.split(".") for path in PATHS):
        if isinstance(tables.get(table), dict) and key in tables[table]:
            tables[table][key] = settled(tables[table][key], folder)
    search = tables.get("search")
    space = search.get("space") if isinstance(search, dict) else None
    if isinstance(space, dict):
        _settle_choices(space, folder)


def settle_changes(changes: Tables, folder: Path) -> None:
    """The same for values by their dotted paths."""
    for path in PATHS:
        if path in changes:
            changes[path] = settled(changes[path], folder)


def settled(path: Any, folder: Path) -> Any:
    """A path that counts from this folder as an absolute one; what is no text stays as it is, to be refused later."""
    return str((folder / as_path(path)).resolve()) if isinstance(path, str) else path


def _settle_choices(space: Tables, folder: Path) -> None:
    """Paths among what a search may choose from."""
    for path in (path for path in PATHS if path in space):
        entry = space[path]
        if isinstance(entry, list):
            space[path] = [settled(each, folder) for each in entry]
        elif isinstance(entry, dict) and isinstance(entry.get("choices"), list):
            entry["choices"] = [settled(each, folder) for each in entry["choices"]]


def _choose(tables: Tables, path: str, kind: Kind, changes: Changes, defaults: Mapping[str, Any]) -> None:
    """Begin the table anew where a change chooses another kind, and with the kind of the default where it is absent."""
    table, name = value_at(tables, path), changes.get(f"{path}.{kind.key}")
    begins = value_at(defaults, path) if table is None else table
    old = begins.get(kind.key, kind.default) if isinstance(begins, Mapping) else kind.default
    if name in kind.names and name != old and isinstance(table, dict | None):
        _tell(path, kind, name, table or {}, changes)
        set_value(tables, path, {kind.key: name}, defaults)
    elif begins is None and old is not None:
        set_value(tables, path, {kind.key: old}, defaults)


def _tell(path: str, kind: Kind, name: Any, table: Tables, changes: Changes) -> None:
    """Say which values of the old kind are dropped."""
    gone = {key: value for key, value in table.items() if key != kind.key and f"{path}.{key}" not in changes}
    if gone:
        values = ", ".join(f"{key} = {inline(value)}" for key, value in gone.items())
        warnings.warn(
            f'{path}.{kind.key} = "{name}" takes its own defaults; dropped from the study: {values}',
            BackhandWarning,
            stacklevel=2,
        )


def covers(change: str, path: str) -> bool:
    """Whether a value at the first path is one of the second, too: of the same key, or of a table above."""
    return path == change or path.startswith(f"{change}.")
