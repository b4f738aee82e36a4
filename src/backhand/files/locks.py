"""One process at a time, by the system's locks on files: who is killed lets go of theirs."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from backhand.files.atomic import POSIX

NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}


@contextmanager
def locked(path: Path, *, wait: bool = False) -> Iterator[bool]:
    """Hold the lock `path`, a file that is gone afterwards; False where the system or the disk knows no locks.

    Raises BlockingIOError where another process holds it, unless `wait` says to wait until it lets go.
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
    """Leave no file behind for people to wonder at. It goes while it is held, where the system allows that."""
    with suppress(OSError):
        if POSIX:
            path.unlink()
    lock.release()
    with suppress(OSError):
        if not POSIX:
            path.unlink()
