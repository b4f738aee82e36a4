"""A person's files as text: their encodings, and the lines of a notebook's cells."""

import io
import tokenize
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path

from backhand.check.source.notebook import notebook_cells
from backhand.errors import BackhandError
from backhand.files.encodings import WIDE


@dataclass(frozen=True)
class SourceText:
    """The text of a file, lines ended by line feeds alone; that of a notebook is its code cells one after the other.

    starts: of a notebook, the line of `text` at which each code cell begins, from 1.
    """

    path: Path
    text: str
    starts: tuple[int, ...] = ()

    def place(self, line: int) -> tuple[int, int | None]:
        """The line and the cell that the person sees, for a line of the text."""
        if not self.starts:
            return line, None
        cell = max(1, bisect_right(self.starts, line))
        return line - self.starts[cell - 1] + 1, cell


def read_source(path: Path) -> SourceText:
    """Read a Python file or a notebook.

    Raises BackhandError where the file cannot be opened, is no text, or is no notebook although its name says so.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BackhandError(f"{path} cannot be read ({error.strerror}); check the name and its permissions") from error
    text = _decode(content, path)
    if path.suffix != ".ipynb":
        return SourceText(path, text)
    cells = notebook_cells(text, path)
    starts, line = [], 1
    for cell in cells:
        starts.append(line)
        line += cell.count("\n") + 1
    return SourceText(path, "".join(f"{cell}\n" for cell in cells), tuple(starts))


def _decode(content: bytes, path: Path) -> str:
    """UTF-8, another Unicode encoding with its mark, the encoding that the file names, or else Latin-1."""
    wide = any(content.startswith(mark) for mark in WIDE)
    if b"\0" in content and not wide:
        raise BackhandError(f"{path} is not a text file but a binary one; name a Python file or a notebook")
    names = ["utf-32", "utf-16"] if wide else [_declared(content), "utf-8-sig"]
    for name in names:
        try:
            text = content.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
        break
    else:
        text = content.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")


def _declared(content: bytes) -> str:
    """The encoding that the first two lines declare; UTF-8 where they declare none or an unknown one."""
    try:
        return tokenize.detect_encoding(io.BytesIO(content).readline)[0]
    except SyntaxError:
        return "utf-8-sig"
