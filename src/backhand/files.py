"""Files that are either whole or not there: written beside their place, flushed to disk, then renamed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from backhand.errors import BackhandError


@contextmanager
def atomic(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to, which replaces `path` when the block ends well; at every moment the old or the new is there.

    Raises OSError when it cannot be written; then, as when the block raises, the old file stays as it was.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except BaseException:
        with suppress(OSError):  # where it could not even be made, there is nothing to remove
            temporary.unlink()
        raise


def write_atomic(path: Path, content: bytes | str) -> None:
    """Replace `path` by this content, whole or not at all.

    Raises BackhandError when the disk is full or the folder not writable; the old file stays as it was.
    """
    try:
        with atomic(path) as file:
            file.write(content.encode() if isinstance(content, str) else content)
    except OSError as error:
        raise BackhandError(f"cannot write {path}: {error.strerror}; what was there before is unchanged") from error


def sweep(folder: Path) -> None:
    """Remove the temporary files that killed processes left in this folder and below it."""
    for path in folder.rglob(".*.tmp"):
        path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make renames in this folder last through a loss of power (where the system lets a folder be synced)."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
