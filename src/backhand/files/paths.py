"""Paths as people give them, and commands that they can paste."""

import os
import re
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import overload

from backhand.errors import BackhandError

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
    Raises BackhandError for an empty text, which would silently be the current folder.
    """
    if path is None:
        return None
    if not os.fspath(path):
        raise BackhandError("a path is empty; name a file or folder, or write . for the current folder")
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        if Path(path).parts[0] == "~":
            raise BackhandError(f"there is no home folder, so {path} leads nowhere; write the path in full") from error
        return Path(path)  # there is no such user


def command(words: Iterable[object]) -> str:
    """The words as one line that a shell takes apart into the same words, for people to paste.

    A path that begins with a dash is written with ./ before it, so that no program takes it for an option. Bytes in
    names that are no UTF-8 are shown by their codes, so that the line can be written to any file.
    """
    return shlex.join(map(_word, words)).encode("utf-8", "backslashreplace").decode()


def _word(word: object) -> str:
    return f".{os.sep}{word}" if isinstance(word, Path) and str(word).startswith("-") else str(word)


def without_password(word: str) -> str:
    """The word, with *** for the password of an address such as postgresql://user:password@host/name."""
    return PASSWORD.sub(r"\1:***", word)
