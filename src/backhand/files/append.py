"""Files that grow: bytes are added to the end, all of them or none."""

import os
from pathlib import Path

from backhand.errors import BackhandError


def append(path: Path, content: bytes) -> None:
    """Add to the end of a file, all of the content or nothing; `sync` brings it to the disk.

    Raises BackhandError when the disk is full or the file cannot be written.
    """
    try:
        with path.open("ab", buffering=0) as file:
            end = file.tell()
            try:
                while content:
                    content = content[file.write(content) :]
            except OSError:
                file.truncate(end)
                raise
    except OSError as error:
        raise BackhandError(
            f"cannot write {path}: {error.strerror or error}; what was there before is unchanged"
        ) from error


def sync(path: Path) -> None:
    """Wait until the content of a file is on the disk, where it survives a loss of power.

    Raises BackhandError when the disk fails.
    """
    try:
        with path.open("rb+") as file:
            os.fsync(file.fileno())
    except OSError as error:
        raise BackhandError(f"cannot write {path}: {error.strerror or error}") from error
