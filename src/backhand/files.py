"""Files that are either whole or not there: written beside their place, flushed to disk, then renamed."""

import os
from contextlib import suppress
from pathlib import Path

from backhand.errors import BackhandError


def write_atomic(path: Path, content: bytes | str) -> None:
    """Replace `path` by this content; at every moment the old file or the new one is there, whole.

    Raises BackhandError when the disk is full or the folder not writable; the old file stays as it was.
    """
    data = content.encode() if isinstance(content, str) else content
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):  # where it could not even be made, there is nothing to remove
            temporary.unlink()
        raise BackhandError(f"cannot write {path}: {error.strerror}; what was there before is unchanged") from error


def sync_folder(folder: Path) -> None:
    """Make renames in this folder last through a loss of power (where the system lets a folder be synced)."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
