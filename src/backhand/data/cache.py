"""The cache of decoded images. Where it is missing, damaged or not writable, images are simply decoded again."""

import hashlib
import logging
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

log = logging.getLogger(__name__)
Arrays = dict[str, NDArray[Any]]
VERSION = 5  # to be raised when what is decoded, or how, changes
MAX_BYTES = 20 * 10**9  # of all entries together
KEY_PATTERN = re.compile(r"[0-9a-f]{32}-")
NAME_PATTERN = re.compile(KEY_PATTERN.pattern + r"(?P<decoding>.+)-v(?P<version>\d+)\.npz")
SOURCE_ARRAY = "source of the cache"  # the name of the array that holds the path of what was decoded
SECONDS_PER_DAY = 86_400


@dataclass(frozen=True)
class CacheEntry:
    """What was decoded from one source, in one way.

    size: in bytes.   last_used: when it was last read or written, in seconds since 1970.
    """

    path: Path
    size: int
    last_used: float

    @property
    def days(self) -> float:
        """The days since the entry was last used."""
        return (time.time() - self.last_used) / SECONDS_PER_DAY

    @property
    def decoding(self) -> str:
        """How the source was decoded, such as `images-skip`; "" for a file of another name."""
        match = NAME_PATTERN.fullmatch(self.path.name)
        return match["decoding"] if match else ""

    @property
    def source(self) -> str:
        """The path of what was decoded; "" where the entry is damaged."""
        with suppress(DataError, ValueError), open_tree(self.path) as tree:
            for _, content in tree.items([name for name in tree.names() if name == f"{SOURCE_ARRAY}.npy"]):
                return str(npy.read_array(BytesIO(content)))
        return ""


def load_or_build(source: Path, decoding: str, build: Callable[[], Arrays]) -> Arrays:
    """The arrays that `build` makes of a file or folder, from the cache where they are there; see `CachedSource`."""
    return CachedSource(source).load_or_build(decoding, build)


@dataclass(frozen=True)
class CachedSource:
    """A file or folder whose decoded arrays are cached. It is read once for its fingerprint."""

    path: Path

    def load_or_build(self, decoding: str, build: Callable[[], Arrays]) -> Arrays:
        """The arrays that `build` makes of the source, from the cache where they are there.

        decoding: names the way of decoding and all options that change the result. The key of an entry is the content
        of its source, so a changed file is decoded anew.
        """
        folder = locations.cache_dir()
        if folder is None:
            return build()
        target = folder / f"{self._key}-{decoding}-v{VERSION}.npz"
        if target.exists():
            with suppress(DataError):
                arrays = _read_entry(target)
                log.debug("decoded samples read from %s", target)
                return arrays
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
    """Remove the files that killed processes left incomplete."""
    matches = (TEMPORARY.fullmatch(path.name) for path in folder.glob(".*.tmp"))
    sweep(folder, [match["name"] for match in matches if match and KEY_PATTERN.match(match["name"])])


def _enforce_limit(newest: Path) -> None:
    """Remove the entries of earlier versions, then the least recently used, until the rest is within the limit."""
    remaining = MAX_BYTES
    for entry in sorted(entries(), key=lambda entry: (entry.path != newest, -entry.last_used)):
        remaining -= entry.size
        match = NAME_PATTERN.fullmatch(entry.path.name)
        if (remaining < 0 and entry.path != newest) or (match and int(match["version"]) < VERSION):
            entry.path.unlink(missing_ok=True)


def entries() -> Iterator[CacheEntry]:
    """Every entry of the cache folder, of this version and of others."""
    folder = locations.cache_dir()
    for path in folder.glob("*.npz") if folder else ():
        with suppress(OSError):
            if NAME_PATTERN.fullmatch(path.name) and path.is_file():
                status = path.stat()
                yield CacheEntry(path, status.st_size, status.st_mtime)


def clear(older_than: float = 0) -> list[CacheEntry]:
    """Remove the entries last used `older_than` days ago or earlier, and return them.

    What killed processes left is removed, too. Raises DataError where a file cannot be removed.
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
    """The SHA-256 of a file, or of the relative names, sizes and contents of all files in a folder, in order.

    Links are followed. Raises DataError where the source cannot be read.
    """
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
    """The content of a file; nothing for folders, broken links, pipes and files without permission to read."""
    try:
        return path.read_bytes() if path.is_file() else b""
    except OSError:
        return b"unreadable"
