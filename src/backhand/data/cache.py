"""Decoded images, kept. A cache that is missing, damaged or not writable only means decoding again."""

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from backhand.data.files import digest_of, walk_folder
from backhand.data.formats.members import printable
from backhand.data.formats.npz import read_npz
from backhand.data.formats.trees import open_tree
from backhand.errors import DataError
from backhand.files import locations
from backhand.files.atomic import atomic
from backhand.files.temporary import TEMPORARY, sweep

Arrays = dict[str, NDArray[Any]]
VERSION = 5  # raise it when what is decoded, or how, changes
MAX_BYTES = 20 * 10**9  # bytes that all entries together may take
KEY_PATTERN = re.compile(r"[0-9a-f]{32}-")
NAME_PATTERN = re.compile(KEY_PATTERN.pattern + r"(?P<variant>.+)-v(?P<version>\d+)\.npz")
SOURCE_ARRAY = "source of the cache"  # the array that says what was decoded
SECONDS_PER_DAY = 86_400


@dataclass(frozen=True)
class CacheEntry:
    """What was decoded from one source, in one way. used: when it was last read or written, in seconds since 1970."""

    path: Path
    size: int
    last_used: float

    @property
    def days(self) -> float:
        """Days since it was last used."""
        return (time.time() - self.last_used) / SECONDS_PER_DAY

    @property
    def decoding(self) -> str:
        """The way in which it was decoded, such as `images-skip`."""
        found = NAME_PATTERN.fullmatch(self.path.name)
        return found["variant"] if found else ""

    @property
    def source(self) -> str:
        """The file or folder that was decoded; "" where the entry is damaged."""
        with suppress(DataError, ValueError), open_tree(self.path) as tree:
            for _, content in tree.items([name for name in tree.names() if name == f"{SOURCE_ARRAY}.npy"]):
                return str(npy.read_array(BytesIO(content)))
        return ""


def load_or_build(source: Path, variant: str, build: Callable[[], Arrays]) -> Arrays:
    """What `build` makes of the file or folder `source`, from the cache where it was made before; see `Source`."""
    return CachedSource(source).cached(variant, build)


@dataclass(frozen=True)
class CachedSource:
    """A file or folder of which several things are kept. All of it is read once, for its fingerprint."""

    path: Path

    def cached(self, variant: str, build: Callable[[], Arrays]) -> Arrays:
        """What `build` makes of it, from the cache where it was made before.

        variant: the options that change the result. The key is the content, so a changed file is decoded anew.
        """
        folder = locations.cache_dir()
        if folder is None:
            return build()
        target = folder / f"{self._key}-{variant}-v{VERSION}.npz"
        if target.exists():
            with suppress(DataError):
                return _read_entry(target)
        arrays = build()
        with suppress(OSError):
            _write_entry(target, arrays | {SOURCE_ARRAY: np.array(printable(str(self.path.absolute())))})
        return arrays

    @cached_property
    def _key(self) -> str:
        return fingerprint(self.path)[:32]


def _read_entry(target: Path) -> Arrays:
    arrays = read_npz(target)
    arrays.pop(SOURCE_ARRAY, None)
    with suppress(OSError):
        os.utime(target)
    return arrays


def _write_entry(target: Path, arrays: Arrays) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(target.parent)
    with atomic(target) as file:
        np.savez(file, allow_pickle=False, **arrays)
    _enforce_limit(target)


def _remove_leftovers(folder: Path) -> None:
    """Remove what killed processes left half-written."""
    found = (TEMPORARY.fullmatch(path.name) for path in folder.glob(".*.tmp"))
    sweep(folder, [match["name"] for match in found if match and KEY_PATTERN.match(match["name"])])


def _enforce_limit(newest: Path) -> None:
    """Remove what other versions kept, then what has not been used for longest, until all is within the limit."""
    left = MAX_BYTES
    for entry in sorted(entries(), key=lambda entry: (entry.path != newest, -entry.last_used)):
        left -= entry.size
        found = NAME_PATTERN.fullmatch(entry.path.name)
        if (left < 0 and entry.path != newest) or (found and int(found["version"]) < VERSION):
            entry.path.unlink(missing_ok=True)


def entries() -> Iterator[CacheEntry]:
    """Every entry of the cache folder, of this version and others."""
    folder = locations.cache_dir()
    for path in folder.glob("*.npz") if folder else ():
        with suppress(OSError):
            if NAME_PATTERN.fullmatch(path.name) and path.is_file():
                status = path.stat()
                yield CacheEntry(path, status.st_size, status.st_mtime)


def clear(older_than: float = 0) -> list[CacheEntry]:
    """Remove the entries that were not used for so many days, and what killed processes left; the entries removed.

    Raises DataError where one cannot be removed.
    """
    old = [entry for entry in entries() if entry.days >= older_than]
    try:
        for entry in old:
            entry.path.unlink(missing_ok=True)
        if folder := locations.cache_dir():
            _remove_leftovers(folder)
    except OSError as error:
        raise DataError(f"{error.filename} cannot be removed ({error.strerror})") from error
    return old


def fingerprint(source: Path) -> str:
    """SHA-256 of a file; of a folder, that of the relative names in order, sizes and contents, through links."""
    try:
        if source.is_file():
            return digest_of(source)
        digest = hashlib.sha256()
        for name in walk_folder(source):
            content = _content(source / name)
            digest.update(f"{name}\0{len(content)}\0".encode("utf-8", "surrogateescape"))
            digest.update(content)
        return digest.hexdigest()
    except OSError as error:
        raise DataError(f"{source} cannot be read ({error}); check that it exists and is yours to read") from error


def _content(path: Path) -> bytes:
    """What lies behind a name: nothing for folders, broken links, pipes and files that may not be read."""
    try:
        return path.read_bytes() if path.is_file() else b""
    except OSError:
        return b"unreadable"
