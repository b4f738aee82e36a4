"""Locks that let one process in at a time. The system releases the lock of a process that is killed."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from backhand.machine import POSIX

NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}


@contextmanager
def locked(path: Path, *, wait: bool = False) -> Iterator[bool]:
    """Hold a lock inside the `with` block; yields False where the system or the disk does not support locks.

    path: the file to lock, which is created, and removed afterwards. Raises BlockingIOError where another process holds
    the lock, unless `wait` is True: then it waits until that process releases it.
    """
    lock = FileLock(path, timeout=-1 if wait else 0, fallback_to_soft=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise BlockingIOError(errno.EAGAIN, "another process holds the lock", str(path)) from error
    except NotImplementedError:
        pass
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
    try:
        yield lock.is_locked
    finally:
        if lock.is_locked:
            _release(path, lock)


def _release(path: Path, lock: FileLock) -> None:
    """Release the lock and remove its file, while it is locked where the system allows that."""
    with suppress(OSError):
        if POSIX:
            path.unlink()
    lock.release()
    with suppress(OSError):
        if not POSIX:
            path.unlink()
