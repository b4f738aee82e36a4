"""Checks of the paths that people name for output, before any work is done."""

import errno
import os
from collections.abc import Iterable
from pathlib import Path

from backhand.errors import BackhandError


def refuse_unwritable(path: Path) -> None:
    """Raise BackhandError where a file of this path cannot be written."""
    if path.is_dir():
        raise BackhandError(f"cannot write {path}: it is a folder; name a file in it")
    nearest = next((parent for parent in path.absolute().parents if parent.exists()), path.absolute())
    if not nearest.is_dir():
        raise BackhandError(f"cannot write {path}: {nearest} is not a folder; name another file")
    if not is_writable(path if path.exists() else nearest):
        raise BackhandError(f"cannot write {path}: {os.strerror(errno.EACCES)}; name another file")


def refuse_inside_data(path: Path, data: Iterable[Path | None]) -> None:
    """Raise BackhandError where a path is one of the data files or folders, or lies inside one.

    Output that is written there would be read as data the next time.
    """
    for source in filter(None, data):
        if source.exists() and path.resolve() == source.resolve():
            raise BackhandError(f"{path} holds the data to be read; choose another --out")
        if source.exists() and path.resolve().is_relative_to(source.resolve()):
            raise BackhandError(f"{path} lies inside {source}, which holds the data to be read; choose another --out")


def is_writable(path: Path) -> bool:
    """Whether the permissions of this process let it write to a file, or create files in a folder."""
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)
