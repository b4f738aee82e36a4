"""Decoded images, kept. A cache that is missing, damaged or not writable only means decoding again."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backhand.data.files import digest_of, walk
from backhand.data.formats.npz import read_npz
from backhand.data.places import cache_dir
from backhand.errors import DataError
from backhand.files import atomic

Arrays = dict[str, NDArray[Any]]
VERSION = 3  # raise it when what is decoded, or how, changes


def cached(source: Path, variant: str, build: Callable[[], Arrays]) -> Arrays:
    """What `build` makes of the file or folder `source`, from the cache where it was made before.

    variant: the options that change the result. The key is the content of `source`, so a changed file is decoded anew.
    """
    target = cache_dir() / f"{fingerprint(source)[:32]}-{variant}-v{VERSION}.npz"
    if target.exists():
        with suppress(DataError):
            return read_npz(target)
    arrays = build()
    with suppress(OSError):
        target.parent.mkdir(parents=True, exist_ok=True)
        with atomic(target) as file:
            np.savez(file, allow_pickle=False, **arrays)
    return arrays


def fingerprint(source: Path) -> str:
    """SHA-256 of a file; of a folder, that of the relative names in order, sizes and contents, through links."""
    try:
        if source.is_file():
            return digest_of(source)
        digest = hashlib.sha256()
        for name in walk(source):
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
