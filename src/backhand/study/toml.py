"""Studies and series read from and written to TOML; an error in them becomes one sentence."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any, TypeVar

import tomli_w
from pydantic import ValidationError

from backhand.errors import BackhandWarning, StudyError
from backhand.files.paths import PathLike
from backhand.study.auto import is_auto
from backhand.study.defaults import defaults_of
from backhand.study.keys import places
from backhand.study.schema import Study
from backhand.study.sentences import sentence
from backhand.study.series import Part, Series
from backhand.study.table import Table
from backhand.study.text import STUDIES, read_tables, shipped_tables
from backhand.study.values import (
    apply,
    merged,
    parse_override,
    set_value,
    settle_changes,
    settle_paths,
    settled,
    value_at,
)

Form = TypeVar("Form", bound=Table)
NO_CHANGE = ("data.path", "data.test", "name", "title")  # keys that do not affect the results


def shipped() -> dict[str, Study]:
    """The studies of the package and of plugins, by name."""
    return dict(_shipped(_validate, series=False))


def shipped_series() -> dict[str, Series]:
    """The series of the package and of plugins, by name."""
    return dict(_shipped(_validate_series, series=True))


def _shipped(make: Callable[[dict[str, Any], str], Form], *, series: bool) -> Iterator[tuple[str, Form]]:
    """Those that can be used; a BackhandWarning tells of one of a plugin that cannot."""
    for name, values in shipped_tables().items():
        if ("parts" in values) != series:
            continue
        try:
            yield name, make(values, name)
        except StudyError as error:
            plugin = STUDIES.origin(name)
            if plugin is None:
                raise
            warnings.warn(f"{plugin.package} adds a study that cannot be used: {error}", BackhandWarning, stacklevel=3)


def load(study: PathLike, overrides: Sequence[str] = (), seed: int | None = None) -> Study:
    """The study of this name or in this file, with `overrides` such as "train.epochs=5" applied.

    study: the name of one that ships (`backhand list` shows them), or a TOML file. Paths in a file count from its
    folder, those in overrides from where the program was started.
    seed: instead of the study's own.
    Raises StudyError: no such study, TOML that cannot be read, an unknown key, a wrong type, an impossible value.
    """
    source = str(study)
    values, folder = read_tables(source)
    if "parts" in values:
        raise StudyError(f"{source} is a series of runs; name a single study here")
    settle_paths(values, folder)
    changes, before = _changes(overrides, seed), deepcopy(values)
    apply(values, changes, defaults_of(values))
    _record(values, {path: value for path, value in changes.items() if not _unchanged_by(before, path, value)})
    return _validate(values, source)


def load_series(series: PathLike, overrides: Sequence[str] = (), seed: int | None = None) -> Series:
    """The series of this name or in this file; overrides apply to every run of it. Raises StudyError as `load` does."""
    source = str(series)
    values, folder = read_tables(source)
    for part in values.get("parts", ()):
        if isinstance(part, dict):
            _settle_part(part, folder)
    changes = _changes(overrides, seed)
    if not changes:
        return _validate_series(values, source)
    before = _validate_series(values, source)
    _record(values, {path: value for path, value in changes.items() if not _all_have(before, path, value)})
    values["seed"] = changes.pop("seed", before.seed)
    for part in values["parts"]:
        part["set"] = merged(part.get("set", {}), changes)
    return _validate_series(values, source)


def is_series(name: PathLike) -> bool:
    """Whether the file or the study of this name is a series of runs. Raises StudyError as `load` does."""
    return "parts" in read_tables(str(name))[0]


def changed(study: Study, values: Mapping[str, Any]) -> Study:
    """The study with other values at some dotted paths, such as {"train.optimizer.lr": 0.1}, and without a search.

    A table is replaced as a whole. Another kind, at a path such as "train.optimizer.kind", has its own defaults: the
    values of the old kind are dropped, with a BackhandWarning. Raises StudyError where the result is not a valid study.
    """
    options: dict[str, Any] = {"mode": "json", "exclude": {"search"}, "exclude_none": True}
    whole, tables = study.model_dump(**options), study.model_dump(**options, exclude_unset=True)
    apply(tables, values, whole)
    return _validate(tables, study.name)


def make_table(form: type[Form], **values: Any) -> Form:
    """A table of a study, such as its data, from plain values. Raises StudyError for a wrong one, as `load` does."""
    return _valid(form, values, form.__name__.removesuffix("Table").lower())


def to_toml(study: Study | Series) -> str:
    """The study as TOML with every value, including defaults; `load` or `load_series` reads it back."""
    return tomli_w.dumps(to_values(study))


def to_values(study: Study | Series) -> dict[str, Any]:
    """The tables of the study, including defaults, as dictionaries of plain values."""
    return study.model_dump(mode="json", exclude_none=True)


def _changes(overrides: Sequence[str], seed: int | None) -> dict[str, Any]:
    """The changes of the command line by dotted path; its file paths are relative to the current folder."""
    changes = dict(map(parse_override, overrides)) | ({} if seed is None else {"seed": seed})
    settle_changes(changes, Path())
    return changes


def _settle_part(part: dict[str, Any], folder: Path) -> None:
    """Make the file paths in a part of a series absolute: that of its study, and those among its changes."""
    axes = [axis for axis in part.get("axes", ()) if isinstance(axis, dict)]
    cases = [case for axis in axes for case in axis.get("cases", {}).values()]
    for values in (part.get("set", {}), *cases):
        if isinstance(values, dict):
            settle_changes(values, folder)
    for axis in axes:
        if axis.get("key") in places() and isinstance(axis.get("values"), list):
            axis["values"] = [settled(value, folder) for value in axis["values"]]
    study = part.get("study")
    if isinstance(study, str) and (study.endswith(".toml") or (folder / study).is_file()):
        part["study"] = settled(study, folder)


def _complete(values: dict[str, Any]) -> dict[str, Any]:
    """A study's tables with all defaults; unchanged where they are not yet valid without the command line's changes."""
    try:
        return to_values(Study.model_validate(values))
    except ValidationError:
        return values


def _unchanged_by(values: dict[str, Any], path: str, value: Any) -> bool:
    """Whether the study of these tables has this value already, however it is written."""
    current = _complete(values)
    with_value = deepcopy(current)
    try:
        set_value(with_value, path, value)
        return to_values(Study.model_validate(with_value)) == current
    except (ValidationError, StudyError):
        return False


def _shown(study: Study) -> dict[str, Any]:
    """The recorded changes that are still in effect, because no edit or later change replaced them."""
    values = to_values(study)
    return {
        path: value
        for path, value in study.changes.items()
        if _within(value, value_at(values, path)) or _unchanged_by(values, path, value)
    }


def _within(value: Any, current: Any) -> bool:
    """Whether both are the same, or the first is a table of some of the second's values; "auto" matches any value."""
    if isinstance(value, Mapping) and isinstance(current, Mapping):
        return all(_within(item, current.get(key)) for key, item in value.items())
    return is_auto(value) or bool(value == current)


def _all_have(series: Series, path: str, value: Any) -> bool:
    """Whether all runs that the change would apply to have this value already, and there are such runs."""
    if path == "seed":
        return bool(series.seed == value)
    parts = [part for part in series.parts if part.leaves_open(path)]
    return bool(parts) and all(_unchanged_by(run, path, value) for part in parts for run in _runs(part))


def _runs(part: Part) -> Iterator[dict[str, Any]]:
    """The tables of each cell's study; none of an invalid part, which is refused later with a message."""
    with warnings.catch_warnings(action="ignore", category=BackhandWarning), suppress(StudyError):
        base = load(part.study)
        for _, values in part.cells():
            yield to_values(changed(base, values))


def _record(values: dict[str, Any], changes: Mapping[str, Any]) -> None:
    """Add the command line's changes to those recorded before, except for those that leave the results the same."""
    earlier = values.get("changes", {})
    values["changes"] = earlier | {path: value for path, value in changes.items() if path not in NO_CHANGE}


def _validate(values: dict[str, Any], source: str) -> Study:
    study = _valid(Study, values, source)
    return study.model_copy(update={"changes": _shown(study)}) if study.changes else study


def _validate_series(values: dict[str, Any], source: str) -> Series:
    return _valid(Series, values, source)


def _valid(form: type[Form], values: dict[str, Any], source: str) -> Form:
    try:
        return form.model_validate(values)
    except ValidationError as error:
        path = Path(source)
        packaged = path.is_relative_to(Path(__file__).parents[1])  # named without its folder
        message = sentence(error, values, series=form is not Study)
        raise StudyError(f"{path.stem if packaged else source}: {message}") from None
