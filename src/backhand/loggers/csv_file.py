"""A log as a table: a row per epoch in one file, and, where that is wanted, a row per so many steps in another."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backhand.errors import BackhandError
from backhand.files.append import append
from backhand.files.atomic import write_atomic
from backhand.files.paths import PathLike, as_path
from backhand.files.refusals import refuse_unwritable
from backhand.loggers.base import Logger
from backhand.training.history import Record
from backhand.training.solver import Solver

STEP_FIGURES = ("step", "loss", "lr", "gradient_norm")


@dataclass(eq=False)
class CsvLogger(Logger):
    """Writes the record of every epoch as a row of a .csv file; settings and final figures have no row there.

    With `every_steps` above 0, rows with step, loss, lr and gradient_norm go to the file NAME-steps.csv beside it. A
    training that goes on cuts both files back to its step, and a new training removes both, with or without new ones.
    Raises BackhandError where the file cannot be written, or where there is one that is no such log.

    path: the file.
    """

    path: PathLike

    def __post_init__(self) -> None:
        super().__post_init__()
        self._path: Path = as_path(self.path)
        self._steps_path = self._path.with_name(f"{self._path.stem}-steps{self._path.suffix}")
        self._rows: list[Record] = []
        refuse_unwritable(self._path)
        for path, first in ((self._path, "epoch"), (self._steps_path, "step")):
            _refuse_another(path, first)

    def begin(self, solver: Solver, settings: Mapping[str, Any]) -> None:
        """Write the rows of the epochs and steps that are done."""
        self._rows = [self.numbers(record) for record in solver.history]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._rows:
            write_atomic(self._path, table(self._rows))
        else:
            self._path.unlink(missing_ok=True)
        rows = _rows_until(self._steps_path, solver.step)
        if rows or self.every_steps:
            write_atomic(self._steps_path, table(rows, STEP_FIGURES))
        else:
            self._steps_path.unlink(missing_ok=True)

    def log_step(self, step: int, figures: Record) -> None:
        """Append a row to the file of the steps."""
        append(self._steps_path, _lines([{"step": step} | figures], STEP_FIGURES).encode())

    def log_epoch(self, record: Record) -> None:
        """Append a row, or write the table anew where the record has another column than those before."""
        before = columns(self._rows)
        self._rows.append(dict(record))
        if before == columns(self._rows):
            append(self._path, _lines([record], before).encode())
        else:
            write_atomic(self._path, table(self._rows))


def columns(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """The names that any of the rows has, in the order in which they come."""
    return list(dict.fromkeys(name for row in rows for name in row))


def table(rows: Sequence[Mapping[str, Any]], names: Sequence[str] = ()) -> str:
    """The rows as CSV below a line with the names of their columns; a value that a row lacks stays empty."""
    names = names or columns(rows)
    return _lines([dict(zip(names, names, strict=True)), *rows], names)


def _lines(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> str:
    text = io.StringIO()
    csv.DictWriter(text, names, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _rows_until(path: Path, step: int) -> list[dict[str, str]]:
    """The rows of an earlier log up to this step, without those that are broken."""
    if not step or not path.exists():
        return []
    complete = path.read_text("utf-8", "replace").rpartition("\n")[0]
    rows = (line.split(",") for line in complete.splitlines())
    whole = (row for row in rows if len(row) == len(STEP_FIGURES) and row[0].isdecimal())
    return [dict(zip(STEP_FIGURES, row, strict=True)) for row in whole if int(row[0]) <= step]


def _refuse_another(path: Path, first: str) -> None:
    """Raise BackhandError where the file holds something else than such a log."""
    if path.is_file() and path.stat().st_size:
        with path.open("rb") as file:
            if not file.readline().startswith(f"{first},".encode()):
                raise BackhandError(f"{path} holds something else than the log of a training; name another file")
