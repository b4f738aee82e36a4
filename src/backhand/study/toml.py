"""Studies and series from and to TOML, with one sentence for whatever is wrong in them."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any, TypeVar

import tomli_w
from pydantic import ValidationError

from backhand.errors import BackhandWarning, StudyError
from backhand.files.paths import PathLike
from backhand.study.auto import is_auto
from backhand.study.schema import Study
from backhand.study.sentences import sentence
from backhand.study.series import Part, Series
from backhand.study.table import Table
from backhand.study.text import read_tables, shipped_tables
from backhand.study.values import (
    PATHS,
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
NO_CHANGE = ("data.path", "name", "title")


def shipped() -> dict[str, Study]:
    """The studies that come with the package, by name."""
    return {name: _validate(values, name) for name, values in shipped_tables().items() if "parts" not in values}


def shipped_series() -> dict[str, Series]:
    """The series that come with the package, by name."""
    return {name: _validate_series(values, name) for name, values in shipped_tables().items() if "parts" in values}


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
    apply(values, changes)
    _record(values, {path: value for path, value in changes.items() if not _alike(before, path, value)})
    return _validate(values, source)


def load_series(series: PathLike, overrides: Sequence[str] = (), seed: int | None = None) -> Series:
    """The series of this name or in this file; the overrides are of every run of it. Raises StudyError as `load`."""
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
    """Whether the file or the shipped study of this name is a series of runs. Raises StudyError as `load`."""
    return "parts" in read_tables(str(name))[0]


def changed(study: Study, values: Mapping[str, Any]) -> Study:
    """The study with other values at some dotted paths, such as {"train.optimizer.lr": 0.1}, and without a search.

    A table is replaced as a whole. Another kind, at a path such as "train.optimizer.kind", brings its own defaults:
    what the study gave the old kind is dropped, and a BackhandWarning tells. Raises StudyError where it makes no study.
    """
    options: dict[str, Any] = {"mode": "json", "exclude": {"search"}, "exclude_none": True}
    whole, tables = study.model_dump(**options), study.model_dump(**options, exclude_unset=True)
    apply(tables, values, whole)
    return _validate(tables, study.name)


def make_table(form: type[Form], **values: Any) -> Form:
    """A table of a study, such as its data, from plain values. Raises StudyError for a wrong one, as `load` does."""
    return _valid(form, values, form.__name__.lower())


def to_toml(study: Study | Series) -> str:
    """With every value spelt out, defaults too; `load` or `load_series` reads it back to the same."""
    return tomli_w.dumps(to_values(study))


def to_values(study: Study | Series) -> dict[str, Any]:
    """The tables of `to_toml` as dictionaries of plain values."""
    return study.model_dump(mode="json", exclude_none=True)


def _changes(overrides: Sequence[str], seed: int | None) -> dict[str, Any]:
    """What the command line sets, by dotted path; its paths count from where the program was started."""
    changes = dict(map(parse_override, overrides)) | ({} if seed is None else {"seed": seed})
    settle_changes(changes, Path())
    return changes


def _settle_part(part: dict[str, Any], folder: Path) -> None:
    """Make the paths in a part of a series whole: that of its study's file, and those that it sets."""
    axes = [axis for axis in part.get("axes", ()) if isinstance(axis, dict)]
    cases = [case for axis in axes for case in axis.get("cases", {}).values()]
    for values in (part.get("set", {}), *cases):
        if isinstance(values, dict):
            settle_changes(values, folder)
    for axis in axes:
        if axis.get("key") in PATHS and isinstance(axis.get("values"), list):
            axis["values"] = [settled(each, folder) for each in axis["values"]]
    study = part.get("study")
    if isinstance(study, str) and (study.endswith(".toml") or (folder / study).is_file()):
        part["study"] = settled(study, folder)


def _complete(values: dict[str, Any]) -> dict[str, Any]:
    """A study's tables with all defaults; as they are where they make no study without what the command line adds."""
    try:
        return to_values(Study.model_validate(values))
    except ValidationError:
        return values


def _alike(values: dict[str, Any], path: str, value: Any) -> bool:
    """Whether the study of these tables stays the same with this value, however it is written."""
    own = _complete(values)
    other = deepcopy(own)
    try:
        set_value(other, path, value)
        return to_values(Study.model_validate(other)) == own
    except (ValidationError, StudyError):
        return False


def _shown(study: Study) -> dict[str, Any]:
    """The changes that the study's values still show: not what an edit or a later change replaced."""
    values = to_values(study)
    return {
        path: value
        for path, value in study.changes.items()
        if _within(value, value_at(values, path)) or _alike(values, path, value)
    }


def _within(value: Any, own: Any) -> bool:
    """Whether it is the same value, or a table of some of the same ones; "auto" became whatever there is."""
    if isinstance(value, Mapping) and isinstance(own, Mapping):
        return all(_within(each, own.get(key)) for key, each in value.items())
    return is_auto(value) or bool(value == own)


def _all_have(series: Series, path: str, value: Any) -> bool:
    """Whether every run that the change would reach has this value already, of those that there are."""
    if path == "seed":
        return bool(series.seed == value)
    parts = [part for part in series.parts if part.takes(path)]
    return bool(parts) and all(_alike(each, path, value) for part in parts for each in _runs(part))


def _runs(part: Part) -> Iterator[dict[str, Any]]:
    """The tables of each cell's study; nothing of a part that makes no study, which is refused when it is expanded."""
    with warnings.catch_warnings(action="ignore", category=BackhandWarning), suppress(StudyError):
        base = load(part.study)
        for _, values in part.cells():
            yield to_values(changed(base, values))


def _record(values: dict[str, Any], changes: Mapping[str, Any]) -> None:
    """Keep what the command line changed, beside what it changed before; where the data lies changes no experiment."""
    known = values.get("changes", {})
    values["changes"] = known | {path: value for path, value in changes.items() if path not in NO_CHANGE}


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
        ours = path.is_relative_to(Path(__file__).parents[1])  # a file of the package is known by its name
        words = sentence(error, values, series=form is not Study)
        raise StudyError(f"{path.stem if ours else source}: {words}") from None
