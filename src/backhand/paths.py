"""Paths as people give them, and commands that they can paste."""

import os
import re
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import overload

PathLike = str | os.PathLike[str]
PASSWORD = re.compile(r"(?<=://)([^/@:\s]*):[^/@\s]*(?=@)")


@overload
def as_path(path: PathLike) -> Path: ...
@overload
def as_path(path: None) -> None: ...
@overload
def as_path(path: PathLike | None) -> Path | None: ...
def as_path(path: PathLike | None) -> Path | None:
    """Text or path as a path, ~ resolved as the home folder; None stays None.

    Every public function that takes a path calls this first. A home folder that the system does not know stays as text.
    """
    if path is None:
        return None
    try:
        return Path(path).expanduser()
    except RuntimeError:  # there is no such user
        return Path(path)


def command(words: Iterable[object]) -> str:
    """The words as one line that a shell takes apart into the same words, for people to paste.

    Bytes in names that are no UTF-8 are shown by their codes, so that the line can be written to any file.
    """
    return shlex.join(str(word) for word in words).encode("utf-8", "backslashreplace").decode()


def without_password(word: str) -> str:
    """The word, with *** for the password of an address such as postgresql://user:password@host/name."""
    return PASSWORD.sub(r"\1:***", word)
