"""The text of a study, from a file or from the package, and the plain tables in it."""

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

from backhand.errors import StudyError, closest
from backhand.files.encodings import refuse_not_utf8
from backhand.files.names import SERIES, STUDY
from backhand.files.paths import as_path, command
from backhand.plugins import Group

Tables = dict[str, Any]
OWN = frozenset(
    file.name.removesuffix(".toml")
    for file in files("backhand").joinpath("studies").iterdir()
    if file.name.endswith(".toml")
)


def _has_study(name: str, module: Any) -> bool:
    try:
        tables = tomllib.loads(files(module).joinpath(f"{name}.toml").read_text("utf-8"))
    except (OSError, TypeError, ValueError):  # no package, no file, no text, no TOML
        return False
    return tables.get("name") == name


# A plugin names the package in whose folder the study NAME.toml lies.
STUDIES: Group[Any] = Group(
    "backhand.studies", "study", "a package with the study of that name in a file NAME.toml", _has_study, OWN
)


def read_tables(name: str) -> tuple[Tables, Path]:
    """The tables of a study or a series, by its name or from its file, and the folder for its relative paths.

    Raises StudyError where there is no such study, or its file is not TOML in UTF-8.
    """
    return _parse(text_of(name), name), as_path(name).parent


def text_of(name: str) -> str:
    """The text of a study or a series, by its name or from its file. Raises StudyError where there is none."""
    path = as_path(name)
    if path.is_dir() and not _is_shipped(name):
        raise StudyError(_folder_message(path))
    return read_text(path) if path.suffix == ".toml" or path.is_file() else shipped_text(name)


def shipped_tables() -> dict[str, Tables]:
    """The tables of every study and series of the package and of plugins, by name."""
    names = sorted({*OWN, *STUDIES.usable()})
    return {name: _parse(shipped_text(name), f"{name}.toml") for name in names}


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, without a byte-order mark. Raises StudyError where it cannot be read."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise StudyError(f"{path} does not exist; `backhand list` shows the studies of the package") from error
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error.strerror}") from error
    refuse_not_utf8(content, str(path), StudyError)
    return content.decode("utf-8-sig")


def _folder_message(path: Path) -> str:
    """The message for a folder that is named instead of a study."""
    if any((path / name).is_file() for name in (STUDY, SERIES)):
        onward = command(["backhand", "run", "--resume", path])
        return f"{path} is the folder of a run; resume it with `{onward}`, or name the .toml file in it"
    return f"{path} is a folder; name a study or its .toml file"


def _is_shipped(name: str) -> bool:
    return name in OWN or name in STUDIES


def shipped_text(name: str) -> str:
    """The text of a study or a series of the package, or of a plugin. Raises StudyError for an unknown name."""
    if not _is_shipped(name):
        raise StudyError(f'there is no study and no .toml file "{name}"{closest(name, [*OWN, *STUDIES.names()])}')
    folder = files("backhand").joinpath("studies") if name in OWN else files(STUDIES.load(name))
    return folder.joinpath(f"{name}.toml").read_text("utf-8")


def _parse(text: str, source: str) -> Tables:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StudyError(f"{source} is not valid TOML: {error}") from error
