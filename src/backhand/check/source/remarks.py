"""What was noticed while a person's code was read, and where, in the words that the person sees."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "syntax",  # a block that Python cannot read
    "definition",  # a function, a class or an import that could not be executed
    "statement",  # any other top-level statement that raised an exception
    "time limit",  # a top-level statement that took too long
    "missing module",
    "missing name",  # a name that a module which is there does not have
    "gone name",  # a NumPy name that today's NumPy does not have
    "python 2",
    "unreadable",  # a file of the folder that is no text
]


@dataclass(frozen=True)
class Place:
    """A line of a person's file.

    file: as seen from the folder that the program was loaded from, with slashes.   line: from 1; in a notebook the line
    of the cell.   cell: of a notebook, counted from 1 over the code cells; None elsewhere.
    """

    file: str
    line: int
    cell: int | None = None

    def __str__(self) -> str:
        cell = "" if self.cell is None else f"cell {self.cell}, "
        return f"{self.file}, {cell}line {self.line}"


@dataclass(frozen=True)
class Remark:
    """What was noticed at a line of the person's code: `text` is one or two sentences that also say what to do."""

    kind: Kind
    text: str
    file: str
    line: int
    cell: int | None = None

    @property
    def location(self) -> Place:
        """Where the remark belongs."""
        return Place(self.file, self.line, self.cell)


@dataclass(frozen=True)
class Unfinished:
    """A function or method that was left as the template had it; `name` is qualified, such as "Linear.backward"."""

    name: str
    location: Place
