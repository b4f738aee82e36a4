"""Temporary files: `.NAME.PID.tmp` beside the file NAME, locked by the process that writes them.

The lock tells a file that is being written from one that a killed process left behind, which `sweep` removes.
"""

import os
import re
import stat
from collections.abc import Collection
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import IO

from filelock import lock_descriptor

from backhand.machine import POSIX

# How many characters of NAME are used: file names may have 255 bytes, and a character of UTF-8 up to 4.
NAME_LENGTH = 50
TEMPORARY = re.compile(r"\.(?P<name>.+)\.\d+(-\d+)?\.tmp", re.DOTALL)


def create_temporary(target: Path) -> tuple[Path, IO[bytes]]:
    """Create a temporary file beside the target, of a name that no other process or thread uses; it is locked."""
    for number in count(1):
        suffix = "" if number == 1 else f"-{number}"
        path = target.with_name(f".{target.name[:NAME_LENGTH]}.{os.getpid()}{suffix}.tmp")
        try:
            file = path.open("xb")
        except FileExistsError:
            continue
        _lock(file)
        try:
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return path, file
        except FileNotFoundError:  # another process swept it before it was locked
            pass
        file.close()
    raise AssertionError("count is endless")


def sweep(folder: Path, names: Collection[str]) -> None:
    """Remove the temporary files that killed processes left of files of these names in this folder.

    Those that a process is writing stay.
    """
    beginnings = {name[:NAME_LENGTH] for name in names}
    for path in folder.glob(".*.tmp"):
        match = TEMPORARY.fullmatch(path.name)
        if match is not None and match["name"] in beginnings and stat.S_ISREG(path.lstat().st_mode):
            _remove_unless_locked(path)


def _lock(file: IO[bytes]) -> bool:
    """Lock a file until it is closed; False where another process holds the lock, or the disk knows no locks."""
    try:
        return lock_descriptor(file.fileno(), blocking=False)
    except OSError:
        return False


def _remove_unless_locked(path: Path) -> None:
    with suppress(OSError):
        with path.open("rb+") as file:
            free = _lock(file)
            if free and POSIX:  # while it is locked, so that no other process takes it for its own
                path.unlink()
        if free and not POSIX:  # Windows removes no open file
            path.unlink()
