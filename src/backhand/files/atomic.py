"""Files that are either whole or not there: written to a temporary file beside them, flushed to disk, then renamed.

A link stays a link: its target is replaced. A file that is replaced keeps its mode and owner; its other hard links
keep the old content. Devices, pipes and this process's own output are written through instead: see `streams`.
"""

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import IO

from backhand.errors import BackhandError
from backhand.files.folders import sync_folder
from backhand.files.refusals import is_writable
from backhand.files.streams import is_stream, write_through
from backhand.files.temporary import create_temporary
from backhand.machine import POSIX


@contextmanager
def atomic(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to, which replaces `path` when the `with` block ends without an exception.

    At every moment the old or the new file is there, and whole. Raises OSError when the file cannot be written; then,
    as after an exception in the block, the old file is unchanged.
    """
    if is_stream(path):
        buffer = BytesIO()
        yield buffer
        write_through(path, buffer.getbuffer())
        return
    target = _target(path)
    old = target.stat() if target.exists() else None
    _refuse_protected(target, old)
    temporary, file = create_temporary(target)
    try:
        with file:
            if old is not None:
                _keep_rights(file, old)
            yield file
            file.flush()
            os.fsync(file.fileno())
            renamed = POSIX and _rename_open(temporary, target)  # while its lock keeps `sweep` away
        if not renamed:
            temporary.replace(target)
        sync_folder(target.parent)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def write_atomic(path: Path, content: bytes | str) -> None:
    """Replace `path` by this content, whole or not at all.

    Raises BackhandError when the disk is full or the folder cannot be written; the old file is unchanged then.
    """
    with _replacing(path, content):
        pass


def write_output(path: Path, content: bytes | str) -> None:
    """Write a file that a person named, as `write_atomic` does; its folder is created first.

    Raises BackhandError where the folder cannot be created or the file not be written; then no new folder is left.
    """
    write_outputs({path: content})


def write_outputs(contents: Mapping[Path, bytes | str]) -> None:
    """Write files that belong together: none takes its place before all of them are on disk, beside their places.

    Raises BackhandError as `write_output` does.
    """
    folders = [parent for path in contents for parent in path.absolute().parents if not parent.exists()]
    try:
        for path in contents:
            _create_folder(path)
        with ExitStack() as files:
            for path, content in contents.items():
                files.enter_context(_replacing(path, content, early=len(contents) > 1))
    except BaseException:
        for folder in folders:  # the innermost comes first
            with suppress(OSError):
                folder.rmdir()
        raise


@contextmanager
def _replacing(path: Path, content: bytes | str, *, early: bool = False) -> Iterator[None]:
    """Write the content beside `path`, which it replaces at the end of the `with` block.

    early: whether it is on disk when the block begins.
    """
    try:
        with atomic(path) as file:
            file.write(content.encode() if isinstance(content, str) else content)
            if early and not is_stream(path):
                file.flush()
                os.fsync(file.fileno())
            yield
    except OSError as error:
        unchanged = "" if is_stream(path) else "; what was there before is unchanged"
        raise BackhandError(f"cannot write {path}: {error.strerror or error}{unchanged}") from error


def _create_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BackhandError(f"cannot write {path}: {error.strerror}; name another file") from error


def _target(path: Path) -> Path:
    """The file to replace: where the path is a link, its target, even if absent. Raises OSError for a ring of links."""
    if not path.is_symlink():
        return path
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    return target


def _refuse_protected(target: Path, old: os.stat_result | None) -> None:
    """Raise OSError for a folder and for a read-only file, which a rename would replace all the same."""
    if old is None:
        return
    if stat.S_ISDIR(old.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    if not is_writable(target):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))


def _rename_open(temporary: Path, target: Path) -> bool:
    """Rename a file that is open, and say whether it worked: some disks of virtual machines refuse."""
    with suppress(OSError):
        temporary.replace(target)
        return True
    return False


def _keep_rights(file: IO[bytes], old: os.stat_result) -> None:
    """Give the new file the mode of the old one and, as far as the system allows, its owner."""
    if POSIX:
        opened = os.fstat(file.fileno())
        if (opened.st_uid, opened.st_gid) != (old.st_uid, old.st_gid):
            with suppress(OSError):
                os.fchown(file.fileno(), old.st_uid, old.st_gid)
        os.fchmod(file.fileno(), stat.S_IMODE(old.st_mode))
