"""Reads files that may be damaged or malicious, within limits."""

import gzip
import hashlib
import io
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from backhand.errors import DataError

CHUNK = 1 << 20
# The folders that macOS puts into archives, and that network storage and disks have.
SYSTEM_FOLDERS = {
    *("__MACOSX", "@eaDir", "#recycle", "#snapshot", "$RECYCLE.BIN", "System Volume Information", "lost+found"),
}
# The limit on unpacked data: real archives grow less than tenfold, a decompression bomb a thousandfold.
MAX_RATIO, MIN_ALLOWANCE = 100, 16 << 20


class Reader(Protocol):
    """Any object with a method read(size) -> bytes."""

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes; all that remain for -1; none at the end."""


def read_up_to(stream: Reader, size: int) -> bytes:
    """Read at most `size` bytes. Memory grows with the bytes that arrive, not with the size that a header announces."""
    chunks, left = [], size
    while left > 0 and (chunk := stream.read(min(left, CHUNK))):
        chunks.append(chunk)
        left -= len(chunk)
    return b"".join(chunks)


class SizeLimitedStream(io.RawIOBase):
    """A decompressing stream that raises DataError beyond what a real file of `size` packed bytes unpacks to."""

    def __init__(self, stream: Reader, size: int, where: str) -> None:
        self.stream, self.where = stream, where
        self.left = size * MAX_RATIO + MIN_ALLOWANCE

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes, as the method `read` of a file."""
        data = self.stream.read(self.left + 1 if size < 0 else min(size, self.left + 1))
        self.left -= len(data)
        if self.left < 0:
            raise DataError(
                f"{self.where} unpacks to more than {MAX_RATIO} times its size; it is not a data set: remove it"
            )
        return data


@contextmanager
def open_unpacked(plain: BinaryIO, size: int, where: str) -> Iterator[Reader]:
    """The content of a stream of `size` bytes, which is unpacked if it is gzip, as its first bytes show.

    where: names the stream in messages. Raises DataError where it is truncated or damaged.
    """
    try:
        packed = plain.read(2) == b"\x1f\x8b"
        plain.seek(0)
        if packed:
            with gzip.GzipFile(fileobj=plain) as stream:
                yield SizeLimitedStream(stream, size, where)
        else:
            yield plain
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{where} cannot be read ({error}); it is truncated or damaged: fetch it again") from error


def walk_folder(folder: Path) -> Iterator[str]:
    """The relative names of all files and folders in a folder, in order; the name of a folder ends in a slash.

    Links are followed. Hidden and system folders are named but not entered. Raises DataError for a link to a folder
    that contains it, and for a folder that cannot be read.
    """
    yield from _walk(folder, "", frozenset([_identity(folder)]))


def _walk(folder: Path, prefix: str, above: frozenset[tuple[int, int]]) -> Iterator[str]:
    try:
        entries = sorted((entry.name, entry.is_dir()) for entry in os.scandir(folder))
    except OSError as error:
        raise DataError(f"the folder {folder} cannot be read ({error.strerror}); check that it is yours") from error
    for name, is_folder in entries:
        yield f"{prefix}{name}{'/' * is_folder}"
        if is_folder and not is_hidden(name):
            path = folder / name
            if _identity(path) in above:
                raise DataError(f"{path} is a link to a folder that contains it, {path.resolve()}; remove the link")
            yield from _walk(path, f"{prefix}{name}/", above | {_identity(path)})


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name (without a path) is hidden or belongs to the system."""
    return name.startswith(".") or name in SYSTEM_FOLDERS


def _identity(folder: Path) -> tuple[int, int]:
    """The device and inode of a folder, which are the same through every link."""
    try:
        status = folder.stat()
    except OSError as error:
        raise DataError(f"the folder {folder} cannot be read ({error.strerror}); check that it is yours") from error
    return status.st_dev, status.st_ino


def digest_of(path: Path, algorithm: str = "sha256") -> str:
    """The hexadecimal digest of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, algorithm).hexdigest()


def digest_of_unpacked(path: Path) -> str:
    """The hexadecimal SHA-256 digest of the content of a file, unpacked if it is gzip."""
    digest = hashlib.sha256()
    with path.open("rb") as plain, open_unpacked(plain, path.stat().st_size, str(path)) as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
