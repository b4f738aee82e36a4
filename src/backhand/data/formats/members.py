"""What a folder and an archive have in common: members by name, read one by one, and names that are safe to show."""

import lzma
import re
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from backhand.errors import DataError

# Everything that zipfile, tarfile, gzip, bz2 and lzma raise on damaged bytes (RuntimeError: an encrypted member).
DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    struct.error,
)
# Controls, halves of characters (bytes that are no UTF-8), separators of lines and paragraphs.
UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}


class BadMemberError(DataError):
    """One member that cannot be read, while others can."""


class Tree(ABC):
    """Members by relative name; a folder's name ends in a slash."""

    path: Path

    @property
    def naming_note(self) -> str:
        """What is to be said of its names, if anything."""
        return ""

    @abstractmethod
    def names(self) -> list[str]:
        """Every member, checked, sorted and printable."""

    @abstractmethod
    def readers(self, wanted: Collection[str]) -> Iterator[tuple[str, Callable[[], bytes]]]:
        """Name of each wanted member, and what reads it before the next is asked for, in whichever order is quick.

        Reading raises BadMemberError where this member cannot be read, DataError where the whole tree cannot.
        """

    def items(self, wanted: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """Name and content of the wanted members, in the order of `readers`."""
        for name, read in self.readers(wanted):
            yield name, read()


def printable(name: str) -> str:
    """The name with each byte that is no UTF-8, and each control character, written as a backslash sequence."""
    if name.isprintable():
        return name
    return "".join(_escaped(letter) if unicodedata.category(letter) in UNPRINTABLE else letter for letter in name)


def _escaped(letter: str) -> str:
    """A byte that Python smuggles into a name as half of a character (PEP 383) is written as that byte."""
    if "\udc80" <= letter <= "\udcff":
        return f"\\x{ord(letter) - 0xDC00:02x}"
    return letter.encode("unicode_escape", "surrogatepass").decode("ascii")


def canonical_name(name: str) -> str:
    """A member's name as others write it: with slashes, without "./" and empty steps; "" for the top itself."""
    end = "/" if name.endswith(("/", "\\", "/.")) else ""
    absolute = name.startswith(("/", "\\"))
    steps = [step for step in re.split(r"[/\\]", name) if step not in ("", ".")]
    return ("/" if absolute else "") + "/".join(steps) + end * bool(steps)


@contextmanager
def damage_as_data_error(what: str, kind: type[DataError] = DataError) -> Iterator[None]:
    """Turns what damaged bytes raise into one sentence about `what`."""
    try:
        yield
    except DAMAGE as error:
        reason = str(error) or type(error).__name__
        raise kind(f"{what} cannot be read ({reason}); it is missing, truncated or damaged: fetch it again") from error
