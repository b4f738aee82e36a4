"""Folders for experiments: new ones get names of their own, and what a person keeps in others is left alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import count
from pathlib import Path

from backhand.errors import BackhandError

ROOT = Path("runs")
NOT_OURS = {"lost+found", "Thumbs.db", "desktop.ini"}  # what a system puts into folders by itself


class OccupiedError(BackhandError):
    """A folder that belongs to another process or another experiment."""


@contextmanager
def experiment_folder(out: Path | None, name: str) -> Iterator[Path]:
    """Give `out`, or a new folder runs/NAME-TIME, made at once so that no other process takes it.

    A new folder that is empty in the end is removed.
    """
    if out is not None:
        yield out
        return
    created = make(ROOT)
    try:
        for path in _numbered(f"{name}-{datetime.now():%Y%m%d-%H%M%S}"):
            try:
                path.mkdir()
            except FileExistsError:
                continue
            except OSError as error:
                raise BackhandError(f"cannot make the folder {path}: {error.strerror}; choose an --out") from error
            created.append(path)
            yield path
            return
    finally:
        remove_empty(created)


def _numbered(name: str) -> Iterator[Path]:
    """runs/NAME, runs/NAME-2, and so on."""
    return (ROOT / (name if number == 1 else f"{name}-{number}") for number in count(1))


def refuse_others(folder: Path, known: set[str]) -> None:
    """Raises OccupiedError where the folder holds anything but these names."""
    if others := visible(folder) - known:
        raise OccupiedError(f"{folder} holds other files, such as {min(others)}; choose an empty folder, or a new one")


def visible(folder: Path) -> set[str]:
    """The names in the folder, without hidden ones and those that an operating system puts there."""
    try:
        names = {path.name for path in folder.iterdir()}
    except FileNotFoundError:
        return set()
    except NotADirectoryError as error:
        raise OccupiedError(f"{folder} is a file, or its path leads through one; choose another --out") from error
    except OSError as error:
        raise BackhandError(f"cannot look into the folder {folder}: {error.strerror}; choose another --out") from error
    return {name for name in names if not name.startswith(".")} - NOT_OURS


def make(folder: Path) -> list[Path]:
    """Make the folder and the missing ones above it; returns all that were made, the outermost first."""
    target = Path(os.path.realpath(folder))  # where a link leads, even if to nothing yet
    missing = [path for path in (target, *target.parents) if not path.exists()][::-1]
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        remove_empty(missing)
        raise BackhandError(f"cannot make the folder {folder}: {error.strerror}; choose another --out") from error
    return missing


def remove_empty(created: list[Path]) -> None:
    """Remove these folders, the innermost first, up to one that holds something."""
    with suppress(OSError):
        for folder in reversed(created):
            folder.rmdir()
