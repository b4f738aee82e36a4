"""Folders: brought to the disk after a rename, and searched for files."""

import errno
import os
from pathlib import Path

from backhand.machine import POSIX

# The errors of systems that cannot sync a folder, or forbid it.
UNSYNCABLE = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EACCES, errno.EPERM, errno.EBADF}


def sync_folder(folder: Path) -> None:
    """Wait until renames in this folder are on the disk, where the system can sync a folder.

    Raises OSError when the disk fails.
    """
    if not POSIX:
        return
    try:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        if error.errno not in UNSYNCABLE:
            raise


def folders_with(name: str, folder: Path, depth: int = 3) -> list[Path]:
    """The folders up to `depth` levels below this one that hold a file of this name, in order."""
    patterns = ("*/" * level + name for level in range(1, depth + 1))
    return sorted(path.parent for pattern in patterns for path in folder.glob(pattern) if path.is_file())
