"""Writes text to the terminal, whatever its encoding, and where there is no terminal at all."""

import codecs
import os
import sys
from typing import IO, Literal, cast

from rich.console import Console

from backhand.console.output import OUTPUT
from backhand.errors import BackhandError

ERROR_HANDLER = "backhand.replace"
MATHS_REPLACEMENTS = {
    "×": "x",
    "·": "-",
    "…": "...",
    "→": "->",
    "≥": ">=",
    "≤": "<=",
    "±": "+/-",
    "²": "^2",
    "\u00a0": " ",
}
REPLACEMENTS = MATHS_REPLACEMENTS | {
    **dict.fromkeys("–—−‐", "-"),
    **dict.fromkeys("“”„", '"'),
    **dict.fromkeys("‘’", "'"),
    **dict.fromkeys(map(chr, range(0x2800, 0x2900)), "."),  # the turning dots of a spinner
}
UNWRAPPED_WIDTH = 10_000  # columns where the output is not a terminal, so that no line is wrapped


class ClosedOutputError(Exception):
    """The reader of standard output has gone, as `head` does once it has its lines."""


class Stream:
    """Standard output or standard error, whichever stream that is at the moment of writing.

    Characters that the encoding lacks are replaced, those of formulas by ASCII. Nothing is written to a closed stream.
    Raises ClosedOutputError where the reader has gone, and BackhandError where writing fails, as on a full disk.
    """

    def __init__(self, name: Literal["stdout", "stderr"] = "stdout") -> None:
        self.name = name

    @property
    def target(self) -> IO[str] | None:
        """The stream that text goes to; None where the process has none, or it is closed."""
        stream = getattr(sys, self.name)
        stream = getattr(stream, "rich_proxied_file", stream)  # while rich draws a bar, it puts a proxy in its place
        return None if stream is None or getattr(stream, "closed", False) else stream

    @property
    def encoding(self) -> str:
        """The encoding of the stream; where it is not a Unicode one, rich draws its bars in ASCII."""
        return getattr(self.target, "encoding", None) or "utf-8"

    def isatty(self) -> bool:
        """Whether the stream is a terminal; False for a stream that cannot tell."""
        isatty = getattr(self.target, "isatty", None)
        return bool(isatty and isatty())

    def fileno(self) -> int:
        """The file descriptor of the stream. Raises OSError where there is none."""
        if self.target is None:
            raise OSError(f"there is no {self.name}")
        return self.target.fileno()

    def write(self, text: str) -> int:
        """Write the text, with replacements for what the encoding lacks, and return its length."""
        if (target := self.target) is not None:
            try:
                target.write(text.encode(self.encoding, ERROR_HANDLER).decode(self.encoding))
            except OSError as error:
                self.raise_write_error(error)
        return len(text)

    def flush(self) -> None:
        """Hand all that is buffered to the output."""
        if (target := self.target) is not None and hasattr(target, "flush"):
            try:
                target.flush()
            except OSError as error:
                self.raise_write_error(error)

    def raise_write_error(self, error: OSError) -> None:
        """Raise ClosedOutputError where the reader has gone, else BackhandError.

        First the stream is pointed at nothing: Python would otherwise complain about its buffers when it exits.
        """
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, self.fileno())
        os.close(devnull)
        if isinstance(error, BrokenPipeError):
            raise ClosedOutputError from None
        name = {"stdout": "standard output", "stderr": "standard error"}[self.name]
        raise BackhandError(f"cannot write to {name}: {error.strerror}") from error


def make_console(*, quiet: bool = False, stderr: bool = False, errors: bool = False) -> Console:
    """A console on standard output or error that colours and interprets nothing, and wraps lines only in a terminal.

    With `--quiet` it prints nothing, unless it is one for `errors`; with `--json` all of it goes to standard error.
    """
    stream = Stream("stderr" if stderr or OUTPUT.json else "stdout")
    quiet = quiet or (OUTPUT.quiet and not errors)
    width = None if stream.isatty() else UNWRAPPED_WIDTH
    return Console(file=cast(IO[str], stream), quiet=quiet, highlight=False, markup=False, emoji=False, width=width)


def _replace_unencodable(error: UnicodeError) -> tuple[str, int]:
    """The replacement of the characters that an encoding lacks, and where to continue; an error handler of `codecs`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(REPLACEMENTS.get(letter, "?") for letter in text), error.end


codecs.register_error(ERROR_HANDLER, _replace_unencodable)
