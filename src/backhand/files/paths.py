"""Paths as people write them, and commands for people to paste."""

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
    """Text or a path as a path, with ~ replaced by the home folder; None stays None.

    Every public function that takes a path calls this first. ~NAME stays as it is where there is no user NAME.
    Raises BackhandError for an empty text, which would silently mean the current folder, and for ~ without a home.
    """
    if path is None:
        return None
    if not os.fspath(path):
        raise BackhandError("the path is empty; name a file or folder, or write . for the current folder")
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        if Path(path).parts[0] == "~":
            raise BackhandError(f"{path}: there is no home folder to stand for ~; write the path in full") from error
        return Path(path)  # there is no such user


def command(words: Iterable[object]) -> str:
    """The words as one line for people to paste, quoted where a shell would split or change them.

    A path that begins with a dash is written with ./ before it, so that no program takes it for an option. Bytes in
    names that are not UTF-8 are shown by their codes, so that the line can be written to any file.
    """
    return shlex.join(map(_word, words)).encode("utf-8", "backslashreplace").decode()


def _word(word: object) -> str:
    return f".{os.sep}{word}" if isinstance(word, Path) and str(word).startswith("-") else str(word)


def without_password(word: str) -> str:
    """The word with *** for the password in an address such as postgresql://user:password@host/name."""
    return PASSWORD.sub(r"\1:***", word)
