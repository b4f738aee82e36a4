"""Zip and tar archives as trees. Nothing is ever extracted to disk.

A name that points outside (`../`), a link, or a member that unpacks to an absurd size raises DataError. A link in
place of a picture does so when it is read, as a broken link on disk does.
"""

import bz2
import gzip
import lzma
import re
import stat
import tarfile
import zipfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import BinaryIO, TypeVar

from backhand.data.files import MAX_RATIO, MIN_ALLOWANCE, Reader, SizeLimitedStream
from backhand.data.formats.members import BadMemberError, Tree, canonical_name, damage_as_data_error, printable
from backhand.data.formats.picture_files import is_picture
from backhand.errors import DataError

MAX_MEMBER = 1 << 30
MAX_TOTAL = 8 << 30
M = TypeVar("M")
DECOMPRESSORS: dict[bytes, Callable[[BinaryIO], Reader]] = {  # by the first bytes of the file
    b"\x1f\x8b": lambda plain: gzip.GzipFile(fileobj=plain),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lzma.LZMAFile,
}
LINK_PROBLEM = "is a link or device; replace it by the file itself"
DRIVE = re.compile("[A-Za-z]:")
UTF8_NAME = 1 << 11  # the flag of a zip member whose name is in UTF-8


class ZipTree(Tree):
    """A zip archive that is open for reading."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self.path, self.archive = path, archive

    @cached_property
    def _members(self) -> dict[str, zipfile.ZipInfo]:
        members = self.archive.infolist()
        for member in members:
            if _is_link(member) and not is_picture(member.filename):
                raise DataError(f"{self.path}: member {member.filename} {LINK_PROBLEM}")
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise DataError(f"{self.path}: member {member.filename} is packed in an unusual way; make a plain zip")
            if member.file_size > max(member.compress_size * MAX_RATIO, MIN_ALLOWANCE):
                raise _too_large(self.path, member.filename)
        _check_total(self.path, sum(member.file_size for member in members if _is_packed(member)))
        return _by_name(self.path, [(_zip_name(member), member) for member in members])

    def names(self) -> list[str]:
        """The names of all members, checked and sorted."""
        return sorted(self._members)

    @property
    def naming_note(self) -> str:
        """How many names are not in UTF-8, and were read in the encoding of the zip standard."""
        members = self._members.values()
        old = sum(not (m.flag_bits & UTF8_NAME or m.filename.isascii()) and _zip_name(m) == m.filename for m in members)
        return f"{old:,} not in UTF-8, read in code page 437" if old else ""

    def readers(self, wanted: Collection[str]) -> Iterator[tuple[str, Callable[[], bytes]]]:
        """The wanted members, in their order."""
        for name in wanted:
            yield name, partial(self._read, name)

    def _read(self, name: str) -> bytes:
        member = self._members[name]
        if _is_link(member):
            raise BadMemberError(f"{self.path}: member {name} {LINK_PROBLEM}")
        if _is_packed(member) and member.file_size > MAX_MEMBER:
            raise _too_large(self.path, name)
        with damage_as_data_error(f"{self.path}/{name}", BadMemberError):
            return self.archive.read(member)


def _is_link(member: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(member.external_attr >> 16)


def _is_packed(member: zipfile.ZipInfo) -> bool:
    """Whether a member is compressed; one that is not cannot unpack to more than it takes in the archive."""
    return member.compress_type != zipfile.ZIP_STORED


def _zip_name(member: zipfile.ZipInfo) -> str:
    """The name of a member in UTF-8, which some programs write without the flag, else in code page 437."""
    if member.flag_bits & UTF8_NAME:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return member.filename


class TarTree(Tree):
    """A tar archive, plain or packed, which is read from front to back: going back in gzip means unpacking again."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self) -> list[str]:
        """The names of all members, checked and sorted."""
        with self._open() as archive:
            members = [(member.name + "/" * member.isdir(), member.size) for member in self._members(archive)]
        _check_total(self.path, sum(size for _, size in members))
        return sorted(_by_name(self.path, members))

    def readers(self, wanted: Collection[str]) -> Iterator[tuple[str, Callable[[], bytes]]]:
        """The wanted members, in the order of the archive."""
        names = set(wanted)
        with self._open() as archive:
            for member in self._members(archive):
                name = printable(canonical_name(member.name))
                if name in names and not member.isdir():
                    yield name, partial(self._read, archive, member)

    def _read(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
        file = archive.extractfile(member) if _is_plain(member) else None
        if file is None:
            raise BadMemberError(f"{self.path}: member {printable(member.name)} {LINK_PROBLEM}")
        return file.read()

    @contextmanager
    def _open(self) -> Iterator[tarfile.TarFile]:
        with damage_as_data_error(str(self.path)), self.path.open("rb") as plain:
            head = plain.read(max(map(len, DECOMPRESSORS)))
            plain.seek(0)
            unpack = next((unpack for mark, unpack in DECOMPRESSORS.items() if head.startswith(mark)), None)
            source = SizeLimitedStream(unpack(plain), self.path.stat().st_size, str(self.path)) if unpack else plain
            with tarfile.open(fileobj=source, mode="r|") as archive:
                yield archive

    def _members(self, archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
        for member in archive:
            if not (_is_plain(member) or member.isdir() or is_picture(member.name)):
                raise DataError(f"{self.path}: member {printable(member.name)} {LINK_PROBLEM}")
            if member.size > MAX_MEMBER:
                raise _too_large(self.path, member.name)
            yield member


def _is_plain(member: tarfile.TarInfo) -> bool:
    return member.isreg() and not member.issparse()


def _by_name(path: Path, members: list[tuple[str, M]]) -> dict[str, M]:
    """The members by their canonical names, which are checked."""
    named = [(printable(canonical_name(name)), member) for name, member in members]
    for name, _ in named:
        first, *rest = name.split("/")
        if (name and not first) or DRIVE.fullmatch(first) or ".." in (first, *rest):
            raise DataError(f"{path}: member {name} points outside the archive; do not trust it")
    files = Counter(name for name, _ in named if name and not name.endswith("/"))
    name, times = files.most_common(1)[0] if files else ("", 0)
    if times > 1:
        raise DataError(f"{path}: member {name} occurs twice; pack the archive anew")
    return {name: member for name, member in named if name}


def _check_total(path: Path, total: int) -> None:
    if total > MAX_TOTAL:
        raise DataError(f"{path} unpacks to {total >> 30} GiB, over the limit of {MAX_TOTAL >> 30}; unpack it yourself")


def _too_large(path: Path, name: str) -> DataError:
    return DataError(f"{path}: member {printable(name)} unpacks to an absurd size; it is not an image: remove it")
