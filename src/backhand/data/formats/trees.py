"""Folders, zip and tar archives as one thing: names, and the bytes behind them. Nothing is ever extracted to disk.

A name that climbs out (`../`), a link, or a member that unpacks to an absurd size raises DataError.
"""

import gzip
import stat
import struct
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from backhand.data.files import MAX_RATIO, SLACK, Limited
from backhand.errors import DataError

MAX_MEMBER = 1 << 30
MAX_TOTAL = 8 << 30
# Everything that zipfile, tarfile and gzip raise on damaged bytes (RuntimeError: an encrypted member).
DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    struct.error,
)


class Tree(Protocol):
    """Members by relative name; a folder's name ends in a slash."""

    @property
    def path(self) -> Path:
        """Where it lies."""

    def names(self) -> list[str]:
        """Every member, sorted."""

    def items(self, wanted: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """Name and content of the wanted members, in whichever order is quick."""


@contextmanager
def open_tree(path: Path) -> Iterator[Tree]:
    """The folder, zip or tar(.gz) at `path`, told apart by content."""
    if path.is_dir():
        yield Folder(path)
    elif not is_archive(path):
        raise DataError(f"{path} is neither a folder nor a zip or tar archive; give one of these")
    elif _head(path).startswith(b"PK"):
        with _damage(path):
            archive = zipfile.ZipFile(path)
        with archive:
            yield Zip(path, archive)
    else:
        yield Tar(path)


def is_archive(path: Path) -> bool:
    """Whether a file begins as a zip, gzip or tar does."""
    with _damage(path):
        head = _head(path)
    return head.startswith((b"PK", b"\x1f\x8b")) or head[257:262] == b"ustar"


@dataclass(frozen=True)
class Folder:
    """A folder on disk. Linked folders are not entered."""

    path: Path

    def names(self) -> list[str]:
        """Every file and folder below, sorted."""
        found = (p.relative_to(self.path).as_posix() + "/" * p.is_dir() for p in self.path.rglob("*"))
        return sorted(found)

    def items(self, wanted: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """In the order asked."""
        for name in wanted:
            with _damage(self.path / name):
                data = (self.path / name).read_bytes()
            yield name, data


@dataclass(frozen=True)
class Zip:
    """A zip archive, open for reading."""

    path: Path
    archive: zipfile.ZipFile

    def names(self) -> list[str]:
        """Every member, checked and sorted."""
        members = self.archive.infolist()
        for member in members:
            if stat.S_ISLNK(member.external_attr >> 16):
                raise DataError(f"{self.path}: member {member.filename} is a link; replace it by the file itself")
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise DataError(f"{self.path}: member {member.filename} is packed in an unusual way; zip it as usual")
            if member.file_size > max(member.compress_size * MAX_RATIO, SLACK):
                raise _too_large(self.path, member.filename)
        _check_total(self.path, sum(member.file_size for member in members))
        return _checked(self.path, [member.filename for member in members])

    def items(self, wanted: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """In the order asked."""
        for name in wanted:
            with _damage(self.path):
                member = self.archive.getinfo(name)
                if member.file_size > MAX_MEMBER:
                    raise _too_large(self.path, name)
                data = self.archive.read(member)
            yield name, data


@dataclass(frozen=True)
class Tar:
    """A tar archive, plain or gzip, read from front to back: going back in gzip means unpacking again."""

    path: Path

    def names(self) -> list[str]:
        """Every member, checked and sorted."""
        with self._open() as archive:
            members = [(member.name + "/" * member.isdir(), member.size) for member in self._members(archive)]
        _check_total(self.path, sum(size for _, size in members))
        return _checked(self.path, [name for name, _ in members])

    def items(self, wanted: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """In the archive's order."""
        names = set(wanted)
        with self._open() as archive:
            for member in self._members(archive):
                if member.name in names and (file := archive.extractfile(member)):
                    yield member.name, file.read()

    @contextmanager
    def _open(self) -> Iterator[tarfile.TarFile]:
        with _damage(self.path), self.path.open("rb") as plain:
            packed = plain.read(2) == b"\x1f\x8b"
            plain.seek(0)
            source = (
                Limited(gzip.GzipFile(fileobj=plain), self.path.stat().st_size, str(self.path)) if packed else plain
            )
            with tarfile.open(fileobj=source, mode="r|") as archive:
                yield archive

    def _members(self, archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
        for member in archive:
            if not (member.isreg() or member.isdir()) or member.issparse():
                raise DataError(f"{self.path}: member {member.name} is a link or device; replace it by the file itself")
            if member.size > MAX_MEMBER:
                raise _too_large(self.path, member.name)
            yield member


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(512)


def _checked(path: Path, names: list[str]) -> list[str]:
    for name in names:
        first, *rest = name.replace("\\", "/").split("/")
        if not first or ":" in first or first == ".." or ".." in rest:
            raise DataError(f"{path}: member {name} points outside the archive; do not trust it")
    if len(set(names)) < len(names):
        twice = Counter(names).most_common(1)[0][0]
        raise DataError(f"{path}: member {twice} occurs twice; pack the archive anew")
    return sorted(names)


def _check_total(path: Path, total: int) -> None:
    if total > MAX_TOTAL:
        raise DataError(
            f"{path} unpacks to {total >> 30} GiB, over the limit of {MAX_TOTAL >> 30}; if you trust it, unpack it"
        )


def _too_large(path: Path, name: str) -> DataError:
    return DataError(f"{path}: member {name} unpacks to an absurd size; it is no image or table, remove it")


@contextmanager
def _damage(path: Path) -> Iterator[None]:
    try:
        yield
    except DAMAGE as error:
        reason = str(error) or type(error).__name__
        raise DataError(
            f"{path} cannot be read ({reason}); it is missing, truncated or damaged: fetch it again"
        ) from error
