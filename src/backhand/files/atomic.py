"""Files that are either whole or not there: written beside their place, flushed to disk, then renamed.

A link stays a link: its target is what is replaced. What is no plain file, such as a device or a pipe, and this
process's own output are written through. A file that is replaced keeps its mode and owner; other hard links to it
keep the old content, as copies made with hard links need it.
"""

import errno
import os
import re
import stat
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import IO

from filelock import lock_descriptor

from backhand.errors import BackhandError

POSIX = os.name == "posix"
KEPT = 50  # characters of a name in that of its temporary file: with 4 bytes each they still leave room for the rest
TEMPORARY = re.compile(r"\.(?P<name>.+)\.\d+(-\d+)?\.tmp", re.DOTALL)
# what systems answer that cannot sync a folder, or do not let us
UNSYNCABLE = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EACCES, errno.EPERM, errno.EBADF}


@contextmanager
def atomic(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to, which replaces `path` when the block ends well; at every moment the old or the new is there.

    Raises OSError when it cannot be written; then, as when the block raises, the old file stays as it was.
    """
    if is_stream(path):
        buffer = BytesIO()
        yield buffer
        _write_through(path, buffer)
        return
    target = _target(path)
    old = target.stat() if target.exists() else None
    _refuse_protected(target, old)
    temporary, file = _temporary(target)
    try:
        with file:
            if old is not None:
                _keep_rights(file, old)
            yield file
            file.flush()
            os.fsync(file.fileno())
            moved = POSIX and _moved(temporary, target)  # while it is held
        if not moved:
            temporary.replace(target)
        sync_folder(target.parent)
    except BaseException:
        with suppress(OSError):
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
        kept = "" if is_stream(path) else "; what was there before is unchanged"
        raise BackhandError(f"cannot write {path}: {error.strerror or error}{kept}") from error


def append(path: Path, content: bytes) -> None:
    """Add to the end of a file, all of it or nothing; `sync` brings it to the disk.

    Raises BackhandError when the disk is full or the file not writable.
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
    """Make what was appended last through a loss of power. Raises BackhandError when the disk fails."""
    try:
        with path.open("rb+") as file:
            os.fsync(file.fileno())
    except OSError as error:
        raise BackhandError(f"cannot write {path}: {error.strerror or error}") from error


def write_output(path: Path, content: bytes | str) -> None:
    """Write a file that a person named, as `write_atomic` does; the folder that it goes to is created."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BackhandError(f"cannot write {path}: {error.strerror}; name another file") from error
    write_atomic(path, content)


def refuse_unwritable(path: Path) -> None:
    """Raises BackhandError, before any work is done, for a file that a person named and that cannot be written."""
    if path.is_dir():
        raise BackhandError(f"cannot write {path}: it is a folder; name a file in it")
    above = next((each for each in path.absolute().parents if each.exists()), path.absolute())
    if not above.is_dir():
        raise BackhandError(f"cannot write {path}: {above} is not a folder; name another file")
    if not _may_write(path if path.exists() else above):
        raise BackhandError(f"cannot write {path}: {os.strerror(errno.EACCES)}; name another file")


def refuse_among(path: Path, data: Iterable[Path | None]) -> None:
    """Raises BackhandError for a path that is some data itself, or lies inside its folder and would become data."""
    for source in filter(None, data):
        if source.exists() and path.resolve() == source.resolve():
            raise BackhandError(f"{path} is the data that is read; choose another --out")
        if source.exists() and path.resolve().is_relative_to(source.resolve()):
            raise BackhandError(f"{path} lies inside {source}, the data that is read; choose another --out")


def is_stream(path: Path) -> bool:
    """Whether what is written goes on from there: a device, a pipe, a socket, or the output of this very process."""
    try:
        status = path.stat()
    except OSError:
        return False
    return not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)) or _own_output(status) is not None


def sweep(folder: Path, names: Collection[str]) -> None:
    """Remove the temporary files of these names that killed processes left in this folder; a held one stays."""
    kept = {name[:KEPT] for name in names}
    for path in folder.glob(".*.tmp"):
        match = TEMPORARY.fullmatch(path.name)
        if match is not None and match["name"] in kept and stat.S_ISREG(path.lstat().st_mode):
            _remove_unless_held(path)


def folders_with(name: str, folder: Path, depth: int = 3) -> list[Path]:
    """The folders below this one, down to so many levels, that hold a file of this name; in order."""
    patterns = ("*/" * level + name for level in range(1, depth + 1))
    return sorted(path.parent for pattern in patterns for path in folder.glob(pattern) if path.is_file())


def sync_folder(folder: Path) -> None:
    """Make renames in this folder last through a loss of power (where the system lets a folder be synced)."""
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


def _target(path: Path) -> Path:
    """The file that is to be replaced: behind links, those to nothing included. Raises OSError for links in a ring."""
    if not path.is_symlink():
        return path
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    return target


def _refuse_protected(target: Path, old: os.stat_result | None) -> None:
    """Raises OSError for a folder, and for a file that may not be written: a rename would replace it all the same."""
    if old is None:
        return
    if stat.S_ISDIR(old.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    if not _may_write(target):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))


def _may_write(path: Path) -> bool:
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _temporary(target: Path) -> tuple[Path, IO[bytes]]:
    """A new file beside the target, of a name that no other process or thread has, and held while it is open."""
    for number in count(1):
        again = "" if number == 1 else f"-{number}"
        path = target.with_name(f".{target.name[:KEPT]}.{os.getpid()}{again}.tmp")
        try:
            file = path.open("xb")
        except FileExistsError:
            continue
        _hold(file)
        try:
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return path, file
        except FileNotFoundError:  # swept before it was held
            pass
        file.close()
    raise AssertionError("there is always another number")


def _moved(temporary: Path, target: Path) -> bool:
    """Rename an open file. Windows does not, nor do some disks of virtual machines."""
    with suppress(OSError):
        temporary.replace(target)
        return True
    return False


def _hold(file: IO[bytes]) -> bool:
    """Hold a file against `sweep` while it is open; False where another process does, or there are no locks."""
    try:
        return lock_descriptor(file.fileno(), blocking=False)
    except OSError:
        return False


def _remove_unless_held(path: Path) -> None:
    with suppress(OSError):
        with path.open("rb+") as file:
            free = _hold(file)
            if free and POSIX:  # while we hold it, so that nobody takes it for their own
                path.unlink()
        if free and not POSIX:
            path.unlink()


def _keep_rights(file: IO[bytes], old: os.stat_result) -> None:
    """The mode of the file that is replaced and, as far as the system lets us, its owner."""
    if POSIX:
        own = os.fstat(file.fileno())
        if (own.st_uid, own.st_gid) != (old.st_uid, old.st_gid):
            with suppress(OSError):
                os.fchown(file.fileno(), old.st_uid, old.st_gid)
        os.fchmod(file.fileno(), stat.S_IMODE(old.st_mode))


def _own_output(status: os.stat_result) -> int | None:
    """Standard output or standard error, where that is the file; it has a position of its own to be written from."""
    for descriptor in (1, 2):
        with suppress(OSError):
            if os.path.samestat(os.fstat(descriptor), status):
                return descriptor
    return None


def _write_through(path: Path, buffer: BytesIO) -> None:
    descriptor = _own_output(path.stat())
    with path.open("wb") if descriptor is None else os.fdopen(os.dup(descriptor), "wb") as stream:
        stream.write(buffer.getbuffer())
