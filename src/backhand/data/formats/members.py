"""What folders and archives have in common: members that are read by name, and names that are safe to print."""

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

# All that zipfile, tarfile, gzip, bz2 and lzma raise for damaged bytes; RuntimeError is that of an encrypted member.
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
# Control characters, surrogates (bytes that are not UTF-8), line and paragraph separators.
UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}


class BadMemberError(DataError):
    """A single member that cannot be read, while others can."""


class Tree(ABC):
    """The members of a folder or archive by their relative names; the name of a folder ends in a slash."""

    path: Path

    @property
    def naming_note(self) -> str:
        """A note on the encoding of the names, or ""."""
        return ""

    @abstractmethod
    def names(self) -> list[str]:
        """The names of all members, checked, sorted and printable."""

    @abstractmethod
    def readers(self, wanted: Collection[str]) -> Iterator[tuple[str, Callable[[], bytes]]]:
        """The name of each wanted member with a function that reads it, in the order that is fastest to read.

        The function must be called before the next member is taken. It raises BadMemberError where this member cannot
        be read, and DataError where none can.
        """

    def items(self, wanted: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """The name and the content of each wanted member, in the order of `readers`."""
        for name, read in self.readers(wanted):
            yield name, read()


def printable(name: str) -> str:
    """The name with every control character, and every byte that is not UTF-8, written as a backslash sequence."""
    if name.isprintable():
        return name
    return "".join(_escaped(letter) if unicodedata.category(letter) in UNPRINTABLE else letter for letter in name)


def _escaped(letter: str) -> str:
    """The backslash sequence of a character; for a surrogate that stands for a byte (PEP 383), that of the byte."""
    if "\udc80" <= letter <= "\udcff":
        return f"\\x{ord(letter) - 0xDC00:02x}"
    return letter.encode("unicode_escape", "surrogatepass").decode("ascii")


def canonical_name(name: str) -> str:
    """A member's name with slashes, without "./" and empty steps; "" for the top folder itself."""
    end = "/" if name.endswith(("/", "\\", "/.")) else ""
    absolute = name.startswith(("/", "\\"))
    steps = [step for step in re.split(r"[/\\]", name) if step not in ("", ".")]
    return ("/" if absolute else "") + "/".join(steps) + end * bool(steps)


@contextmanager
def damage_as_data_error(what: str, kind: type[DataError] = DataError) -> Iterator[None]:
    """Raise an error of this kind, with a sentence about `what`, in place of all that damaged bytes raise."""
    try:
        yield
    except DAMAGE as error:
        reason = str(error) or type(error).__name__
        raise kind(f"{what} cannot be read ({reason}); it is missing, truncated or damaged: fetch it again") from error
