"""The terminal, as every command and the library write to it: in any encoding, or where there is none."""

import codecs
import os
import sys
from typing import IO, Literal, cast

from rich.console import Console

from backhand.errors import BackhandError

REPLACE = "backhand.replace"
SIGNS = {"×": "x", "·": "-", "…": "...", "→": "->", "≥": ">=", "≤": "<=", "±": "+/-", "²": "^2", "\u00a0": " "}
LIKES = SIGNS | {
    **dict.fromkeys("–—−‐", "-"),
    **dict.fromkeys("“”„", '"'),
    **dict.fromkeys("‘’", "'"),
    **dict.fromkeys(map(chr, range(0x2800, 0x2900)), "."),  # the dots that turn while one waits
}
WIDE = 10_000  # columns where a program reads on, so that no line is broken


class ClosedOutputError(Exception):
    """The reader of standard output has gone, as `head` does."""


class Stream:
    """Standard output or standard error, as it is at the moment of writing.

    Characters that its encoding lacks are replaced, those of formulas by ASCII; where it is closed nothing is written.
    Raises ClosedOutputError when its reader has gone, BackhandError when it cannot be written, as on a full disk.
    """

    def __init__(self, name: Literal["stdout", "stderr"] = "stdout") -> None:
        self.name = name

    @property
    def target(self) -> IO[str] | None:
        """The stream that text goes to; None where the process has none, or it is closed."""
        stream = getattr(sys, self.name)
        stream = getattr(stream, "rich_proxied_file", stream)  # while a bar is drawn, rich puts a proxy of us there
        return None if stream is None or getattr(stream, "closed", False) else stream

    @property
    def encoding(self) -> str:
        """That of the stream; rich draws its bars in ASCII where it is not one of Unicode."""
        return getattr(self.target, "encoding", None) or "utf-8"

    def isatty(self) -> bool:
        """Whether a person watches; no for streams that cannot tell."""
        isatty = getattr(self.target, "isatty", None)
        return bool(isatty and isatty())

    def fileno(self) -> int:
        """The descriptor of the stream. Raises OSError where there is none."""
        if self.target is None:
            raise OSError(f"there is no {self.name}")
        return self.target.fileno()

    def write(self, text: str) -> int:
        """Write what can be written of the text."""
        if (target := self.target) is not None:
            try:
                target.write(text.encode(self.encoding, REPLACE).decode(self.encoding))
            except OSError as error:
                self.give_up(error)
        return len(text)

    def flush(self) -> None:
        """Hand everything on to the output."""
        if (target := self.target) is not None and hasattr(target, "flush"):
            try:
                target.flush()
            except OSError as error:
                self.give_up(error)

    def give_up(self, error: OSError) -> None:
        """Raise what came of the error, after what is left in the buffers is gone, or Python would complain at its end.

        Raises ClosedOutputError where the reader has gone, else BackhandError.
        """
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)
        if isinstance(error, BrokenPipeError):
            raise ClosedOutputError from None
        name = {"stdout": "standard output", "stderr": "standard error"}[self.name]
        raise BackhandError(f"cannot write to {name}: {error.strerror}") from error


def make_console(*, quiet: bool = False, stderr: bool = False) -> Console:
    """Standard output as people read it: nothing coloured or interpreted, and no wrapping where a program reads on."""
    stream = Stream("stderr" if stderr else "stdout")
    width = None if stream.isatty() else WIDE
    return Console(file=cast(IO[str], stream), quiet=quiet, highlight=False, markup=False, emoji=False, width=width)


def _replace(error: UnicodeError) -> tuple[str, int]:
    """What stands for the characters that an encoding lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(LIKES.get(letter, "?") for letter in text), error.end


codecs.register_error(REPLACE, _replace)
