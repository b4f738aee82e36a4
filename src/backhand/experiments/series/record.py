"""The folder of a series: its study, a file for each result, the claims beside the figures.

`docs/formats.md` describes the files.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from statistics import mean
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PrivateAttr, computed_field

from backhand.errors import CheckpointError, StudyError
from backhand.experiments import environment
from backhand.experiments.environment import Environment
from backhand.experiments.kind import Row
from backhand.experiments.records import (
    REMEDY,
    FileRecord,
    Record,
    parsed,
    read_record,
    read_text,
    valid,
    write_record,
)
from backhand.experiments.series import CLAIMS
from backhand.files.names import SERIES
from backhand.study import Series, load_series, to_toml
from backhand.study.series import Part

RESULTS = "*-seed-*.json"  # the files of a part's results
NUMERIC = (*"0123456789[",)  # what a case begins with that says little by itself


def _finite(values: Any) -> Any:
    """Without figures that are not finite, for which earlier versions have null or NaN."""
    if not isinstance(values, dict):
        return values
    lost = {key for key, value in values.items() if value is None or (isinstance(value, float) and not isfinite(value))}
    return {key: value for key, value in values.items() if key not in lost}


Figures = Annotated[dict[str, float], BeforeValidator(_finite)]


class Result(FileRecord):
    """A run that has ended: its cell, its figures, its epochs.

    labels: its case on each axis.   status: "finished" or "diverged", as `message` says.   data: the title of the data
    set, with the copy that it was.   failure: why a training that came to its end counts as one that failed.
    A figure that is not finite is left out, of the figures as of an epoch.
    """

    labels: dict[str, str] = Field(default_factory=dict)
    seed: int = 0
    status: str = "finished"
    message: str = ""
    figures: Figures = Field(default_factory=dict)
    history: tuple[Figures, ...] = ()
    settings: dict[str, Any] = Field(default_factory=dict)
    data: str = ""
    failure: str = ""
    _file: Path | None = PrivateAttr(None)

    @property
    def place(self) -> Path:
        """The folder of a run that is kept whole, beside the file that this was read from."""
        assert self._file is not None
        return self._file.with_suffix("")


class Verdict(Record):
    """A claim with our figure. cell: the cases it is of; judged: whether the runs are those that the claim is about.

    met: None where the claim asks for nothing, is not judged, or has no figure yet.
    """

    part: str
    what: str
    metric: str
    cell: dict[str, str] = Field(default_factory=dict)
    reported: float | None = None
    ours: float | None = None
    least: float | None = None
    most: float | None = None
    judged: bool = True

    @computed_field  # type: ignore[prop-decorator]  # as pydantic says that it should be written
    @property
    def met(self) -> bool | None:
        """Whether ours is within the bounds."""
        if not self.judged or self.ours is None or (self.least is None and self.most is None):
            return None
        return (self.least is None or self.ours >= self.least) and (self.most is None or self.ours <= self.most)


class Claims(FileRecord):
    """All of claims.json, which is written anew as the series goes on."""

    claims: tuple[Verdict, ...] = ()


@dataclass(frozen=True)
class Cell:
    """The runs of one combination of cases, one per seed."""

    labels: dict[str, str]
    runs: tuple[Result, ...]

    @property
    def name(self) -> str:
        """Its cases in words."""
        return ", ".join(self.labels.values()) or "the run"

    @property
    def phrase(self) -> str:
        """The same in a sentence, where a number needs the name of its axis: learning rate 0.1."""
        named = (f"{axis} {case}" if case[:1] in NUMERIC else case for axis, case in self.labels.items())
        return ", ".join(named) or "the run"

    @property
    def diverged(self) -> int:
        """How many of its runs did."""
        return sum(run.status != "finished" for run in self.runs)

    @property
    def failures(self) -> list[str]:
        """Why trainings of its runs failed that came to their end."""
        return [run.failure for run in self.runs if run.failure]

    def values(self, key: str) -> list[float]:
        """A figure of each run that has it."""
        return [run.figures[key] for run in self.runs if key in run.figures]

    def mean(self, key: str) -> float | None:
        """Over the seeds; None where a run has no such figure."""
        found = self.values(key)
        return mean(found) if found and len(found) == len(self.runs) else None


@dataclass(frozen=True)
class Saved:
    """A series, the cells of each part, and the claims."""

    folder: Path
    series: Series
    cells: dict[str, tuple[Cell, ...]]
    claims: tuple[Verdict, ...]
    environment: Environment

    @property
    def runs(self) -> tuple[Result, ...]:
        """Of all parts, in order."""
        return tuple(run for cells in self.cells.values() for cell in cells for run in cell.runs)

    @property
    def data(self) -> str:
        """The titles of the data sets, which say what copies they were."""
        return ", ".join(dict.fromkeys(run.data for run in self.runs if run.data))

    @property
    def seconds(self) -> float:
        """Of all trainings."""
        return sum(run.figures.get("seconds", 0.0) for run in self.runs)

    def parts(self) -> Iterator[tuple[Part, tuple[Cell, ...]]]:
        """Those that have begun."""
        return ((part, self.cells[part.name]) for part in self.series.parts if self.cells[part.name])


def read_series(folder: Path) -> Series:
    """The series in a folder, as it was begun. Raises CheckpointError, which says what to do, where its file is damaged."""
    try:
        return load_series(str(folder / SERIES))
    except StudyError as error:
        raise CheckpointError(f"{error}; {REMEDY}") from None


def series_file(series: Series) -> dict[str, str]:
    """The file that `read_series` reads, by its name, for `Workspace.begin` to write."""
    return {SERIES: to_toml(series)}


def result_file(folder: Path, part: str, number: int, seed: int) -> Path:
    """The file of a result: that of a part's cell of this number, counted from 0, trained with this seed."""
    return folder / part / f"{number:03}-seed-{seed}.json"


def read(folder: Path) -> Saved:
    """Read the folder of a series. Raises CheckpointError, naming the file, for a piece that is missing or damaged."""
    if not (folder / SERIES).is_file():
        raise CheckpointError(f"{folder} is not the folder of a series: it has no {SERIES}")
    series = read_series(folder)
    cells = {part.name: tuple(_cells(folder / part.name)) for part in series.parts}
    return Saved(folder, series, cells, _claims(folder / CLAIMS), environment.read(folder))


def read_result(path: Path) -> Result:
    """A result. Raises CheckpointError, naming the file, where it is damaged."""
    result = read_record(Result, path, "restore it, or remove it and resume the series")
    result._file = path
    return result


def write_result(path: Path, result: Result) -> None:
    """A result, whole or not at all; the folder of its part is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_record(path, result)


def write_claims(folder: Path, found: list[Verdict]) -> None:
    """The claims beside the figures that there are."""
    write_record(folder / CLAIMS, Claims(claims=tuple(found)))


def has_result(folder: Path) -> bool:
    """Whether any cell has been trained."""
    return any(folder.glob(f"*/{RESULTS}"))


def row(folder: Path) -> Row:
    """The series, its data, how many of its runs are done, and how many claims are met."""
    saved = read(folder)
    planned = sum(part.seeds * sum(1 for _ in part.cells()) for part in saved.series.parts)
    asked = [claim for claim in saved.claims if claim.met is not None]
    met = f"{sum(bool(claim.met) for claim in asked)} of {len(asked)} claims met" if asked else ""
    status = "finished" if len(saved.runs) == planned else f"{len(saved.runs)} of {planned} runs"
    return Row(saved.series.name, saved.data, status, met)


def _claims(path: Path) -> tuple[Verdict, ...]:
    if not path.exists():
        return ()
    value = parsed(read_text(path), path)
    whole = {"claims": value} if isinstance(value, list) else value  # which it was in earlier versions
    return valid(Claims, whole, path).claims


def _cells(folder: Path) -> Iterator[Cell]:
    runs: dict[tuple[tuple[str, str], ...], list[Result]] = {}
    for path in sorted(folder.glob(RESULTS)):
        run = read_result(path)
        runs.setdefault(tuple(run.labels.items()), []).append(run)
    return (Cell(dict(labels), tuple(found)) for labels, found in runs.items())
