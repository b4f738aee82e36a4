"""Changes of a study's plain tables, by dotted paths, before they are validated: values, kinds, and file paths."""

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
from backhand.study.keys import Kind, kinds, places
from backhand.weights import published

Tables = dict[str, Any]
Changes = Mapping[str, Any]  # by the dotted path of a key
NOTHING: Mapping[str, Any] = MappingProxyType({})


def parse_override(override: str) -> tuple[str, Any]:
    """The path and the value of "path.to.key=value". The value is read as TOML, or else as plain text.

    Raises StudyError where there is no path or no equals sign.
    """
    path, equals, text = override.partition("=")
    if not equals or not path.strip().rpartition(".")[2]:
        raise StudyError(f'"{override}" sets nothing; write --set path.to.key=value, such as train.epochs=5')
    try:
        return path.strip(), tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return path.strip(), text.strip()


def override(path: str, value: Any) -> str:
    """The text from which `parse_override` reads this path and value."""
    return f"{path}={inline(value)}"


def inline(value: Any) -> str:
    """A value as TOML on one line."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(inline, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{inline(str(key))} = {inline(item)}' for key, item in value.items())}}}"
    return tomli_w.dumps({"value": value}).partition("=")[2].strip()


def apply(tables: Tables, changes: Changes, defaults: Mapping[str, Any] = NOTHING) -> None:
    """Set the values of all changes in the tables.

    A table is set before single keys of it, in whatever order they are given. Where a change chooses another kind, the
    values of the old kind are dropped for the defaults of the new one, with a BackhandWarning.
    defaults: the tables to begin with where a path leads through tables that are absent.
    Raises StudyError where a path leads through a value.
    """
    for path, kind in kinds().items():
        below = any(change.startswith(f"{path}.") for change in changes)
        if below and path not in changes:
            _choose(tables, path, kind, changes, defaults)
    for path, value in sorted(changes.items(), key=lambda change: change[0].count(".")):
        set_value(tables, path, deepcopy(value), defaults)


def merged(earlier: Changes, changes: Changes) -> dict[str, Any]:
    """The earlier changes with later ones, which replace what they cover; kinds are handled as in `apply`."""
    whole = {path: value for path, value in earlier.items() if not any(covers(change, path) for change in changes)}
    for path, kind in kinds().items():
        name = changes.get(f"{path}.{kind.key}")
        table = whole.get(path)
        if name in kind.names and isinstance(table, dict) and table.get(kind.key) != name:
            _warn_of_dropped(path, kind, name, table, changes)
            whole[path] = {kind.key: name}
    return whole | dict(changes)


def set_value(tables: Tables, path: str, value: Any, defaults: Mapping[str, Any] = NOTHING) -> None:
    """Set the key at this path; absent tables on the way are created with their defaults.

    Raises StudyError where the path leads through a value.
    """
    *above, key = path.split(".")
    for name in above:
        defaults = defaults.get(name, {})
        tables = tables.setdefault(name, deepcopy(defaults))
        if not isinstance(tables, dict):
            raise StudyError(f"unknown key {path}: {name} is a value, not a table")
    tables[key] = value


def value_at(tables: Mapping[str, Any], path: str) -> Any:
    """The value at this path, or None where there is none."""
    for name in path.split("."):
        if not isinstance(tables, Mapping) or name not in tables:
            return None
        tables = tables[name]
    return tables


def settle_paths(tables: Tables, folder: Path) -> None:
    """Make the file paths in a study's tables absolute; relative ones are relative to the folder of the study."""
    for above, _, key in (path.rpartition(".") for path in places()):
        table = value_at(tables, above)
        if isinstance(table, dict) and key in table:
            table[key] = settled(table[key], folder)
    search = tables.get("search")
    space = search.get("space") if isinstance(search, dict) else None
    if isinstance(space, dict):
        _settle_choices(space, folder)


def settle_changes(changes: Tables, folder: Path) -> None:
    """Make the file paths among changes by dotted paths absolute, relative to this folder."""
    for path in places():
        if path in changes:
            changes[path] = settled(changes[path], folder)


def settled(path: Any, folder: Path) -> Any:
    """A file path, relative to this folder, as an absolute one.

    A name of published weights stays, and so does a value that is not text, to be refused later.
    """
    return str((folder / as_path(path)).resolve()) if isinstance(path, str) and not published.is_name(path) else path


def _settle_choices(space: Tables, folder: Path) -> None:
    """Make the file paths among the choices of a search absolute."""
    for path in (path for path in places() if path in space):
        entry = space[path]
        if isinstance(entry, list):
            space[path] = [settled(path_value, folder) for path_value in entry]
        elif isinstance(entry, dict) and isinstance(entry.get("choices"), list):
            entry["choices"] = [settled(path_value, folder) for path_value in entry["choices"]]


def _choose(tables: Tables, path: str, kind: Kind, changes: Changes, defaults: Mapping[str, Any]) -> None:
    """Replace the table where a change chooses another kind; give an absent table the default kind."""
    table, name = value_at(tables, path), changes.get(f"{path}.{kind.key}")
    current = value_at(defaults, path) if table is None else table
    old = current.get(kind.key, kind.default) if isinstance(current, Mapping) else kind.default
    if name in kind.names and name != old and isinstance(table, dict | None):
        _warn_of_dropped(path, kind, name, table or {}, changes)
        set_value(tables, path, {kind.key: name}, defaults)
    elif current is None and old is not None:
        set_value(tables, path, {kind.key: old}, defaults)


def _warn_of_dropped(path: str, kind: Kind, name: Any, table: Tables, changes: Changes) -> None:
    """Warn of the values of the old kind that are dropped."""
    dropped = {key: value for key, value in table.items() if key != kind.key and f"{path}.{key}" not in changes}
    if dropped:
        values = ", ".join(f"{key} = {inline(value)}" for key, value in dropped.items())
        warnings.warn(
            f'{path}.{kind.key} = "{name}" has defaults of its own; dropped from the study: {values}',
            BackhandWarning,
            stacklevel=2,
        )


def covers(change: str, path: str) -> bool:
    """Whether setting the first path sets the second, too: it is the same key, or a table around it."""
    return path == change or path.startswith(f"{change}.")
