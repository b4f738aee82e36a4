"""What a kind of experiment is: how its folder is recognised, and what its package offers."""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from backhand.files.names import ENVIRONMENT
from backhand.files.paths import command
from backhand.page.blocks import Block, Page

REPORT = ("report.html", "report.md")


class Record(Protocol):
    """`record.py` of a kind: every file of its folder, its form, and what reads and writes it."""

    def row(self, folder: Path) -> "Row":
        """What a list of experiments says of the one in this folder."""


class EarlyMarkRecord(Record, Protocol):
    """`record.py` of a kind whose mark is among its first files, so that the mark alone is no result."""

    def has_result(self, folder: Path) -> bool:
        """Whether the folder holds a result beside its first files."""


class Work(Protocol):
    """`work.py` of a kind: how it is done."""

    def resume(self, path: Path, **options: Any) -> object:
        """Go on with the experiment in this folder, as it was begun. The options are those of `Workspace.open`."""


class Report(Protocol):
    """`report/` of a kind: made from what `record.py` reads, and nothing else."""

    def page(self, folder: Path) -> Page:
        """The page of the experiment in this folder."""

    def closing(self, folder: Path) -> Iterable[Block]:
        """What the terminal shows at the end: the result in a few lines."""


@dataclass(frozen=True)
class Row:
    """An experiment in a list: its name, its data, how far it is, and its result in a few words."""

    name: str
    data: str
    status: str
    result: str


@dataclass(frozen=True)
class Kind:
    """A kind of experiment.

    name: with its article.   package: where its modules are.   command: the command that begins it, and goes on with
    it by --resume.   mark: the file by which its folder is known.   first: files that it writes before it has any
    result.   later: all other files of its own.   runs: which folders in it hold runs whose reports are written with
    its own, as a pattern.   result: the JSON file that holds what came out; "" for the mark.
    """

    name: str
    package: str
    command: str
    mark: str
    first: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    runs: str = ""
    result: str = ""

    @property
    def files(self) -> set[str]:
        """The names of the files that it writes whole or not at all, so that a killed process may leave half of one."""
        return {self.mark, ENVIRONMENT, *self.first, *self.later, *REPORT}

    @property
    def resume(self) -> tuple[str, ...]:
        """The command words that go on with an experiment of this kind, without its folder."""
        return self.command, "--resume"

    def has_result(self, folder: Path) -> bool:
        """Whether the folder holds a result of this kind, so that no other experiment may begin in it."""
        if self.mark not in self.first:
            return (folder / self.mark).exists()
        return cast(EarlyMarkRecord, self.record).has_result(folder)

    def onward(self, folder: Path) -> str:
        """How to go on with the experiment in this folder, with a command that can be pasted."""
        return f"go on with it by `{command(['backhand', *self.resume, folder])}`"

    @property
    def record(self) -> Record:
        """The module `record` of its package."""
        return cast(Record, import_module(f"{self.package}.record"))

    @property
    def work(self) -> Work:
        """The module `work` of its package."""
        return cast(Work, import_module(f"{self.package}.work"))

    @property
    def report(self) -> Report:
        """The package `report` of its package, which loads the plotting library."""
        return cast(Report, import_module(f"{self.package}.report"))
