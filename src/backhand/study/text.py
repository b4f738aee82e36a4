"""The text of a study, from a file or from the package, and the plain tables in it."""

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

from backhand.errors import StudyError, closest
from backhand.files.encodings import refuse_not_utf8
from backhand.files.names import SERIES, STUDY
from backhand.files.paths import as_path, command

Tables = dict[str, Any]


def read_tables(name: str) -> tuple[Tables, Path]:
    """The tables of a study or a series, by its name or from its file, and the folder for its relative paths.

    Raises StudyError where there is no such study, or its file is not TOML in UTF-8.
    """
    path = as_path(name)
    if path.is_dir() and not _is_shipped(name):
        raise StudyError(_folder_message(path))
    text = read_text(path) if path.suffix == ".toml" or path.is_file() else shipped_text(name)
    return _parse(text, name), path.parent


def shipped_tables() -> dict[str, Tables]:
    """The tables of every study and series that comes with the package, by name."""
    folder = files("backhand").joinpath("studies")
    tables = (_parse(file.read_text("utf-8"), file.name) for file in folder.iterdir() if file.name.endswith(".toml"))
    return {study["name"]: study for study in sorted(tables, key=lambda study: str(study["name"]))}


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
    return files("backhand").joinpath("studies", f"{name}.toml").is_file()


def shipped_text(name: str) -> str:
    """The text of a study or a series of the package. Raises StudyError for an unknown name."""
    file = files("backhand").joinpath("studies", f"{name}.toml")
    if not file.is_file():
        raise StudyError(f'there is no study and no .toml file "{name}"{closest(name, shipped_tables())}')
    return file.read_text("utf-8")


def _parse(text: str, source: str) -> Tables:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StudyError(f"{source} is not valid TOML: {error}") from error
