"""The folder of a series: its study, a file for each result, the claims beside the figures.

`docs/formats.md` describes the files.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from backhand.errors import CheckpointError, StudyError
from backhand.experiments import environment
from backhand.experiments.environment import Environment
from backhand.experiments.kind import Row
from backhand.experiments.records import (
    REMEDY,
    NewerVersionError,
    parsed,
    read_record,
    read_text,
    valid,
    write_record,
)
from backhand.experiments.series import CLAIMS
from backhand.experiments.series.forms import Claims, Result, Verdict
from backhand.files.names import SERIES
from backhand.study import Series, load_series, to_toml
from backhand.study.series import Part

ANEW = "restore it, or remove it and resume the series"
RESULTS = "*-seed-*.json"  # the files of a part's results
NUMERIC = (*"0123456789[",)  # what a case begins with that says little by itself


@dataclass(frozen=True)
class Cell:
    """The runs of one combination of cases, one per seed."""

    labels: dict[str, str]
    runs: tuple[Result, ...]

    @property
    def name(self) -> str:
        """The cases of the cell in words."""
        return ", ".join(self.labels.values()) or "the run"

    @property
    def phrase(self) -> str:
        """The cases of the cell for a sentence, where a number needs the name of its axis: learning rate 0.1."""
        named = (f"{axis} {case}" if case[:1] in NUMERIC else case for axis, case in self.labels.items())
        return ", ".join(named) or "the run"

    @property
    def diverged(self) -> int:
        """The number of its runs that diverged."""
        return sum(run.status != "finished" for run in self.runs)

    @property
    def failures(self) -> list[str]:
        """Why trainings of its runs failed that came to their end."""
        return [run.failure for run in self.runs if run.failure]

    def values(self, key: str) -> list[float]:
        """A figure of each run that has it."""
        return [run.figures[key] for run in self.runs if key in run.figures]

    def mean(self, key: str) -> float | None:
        """The mean of a figure over the seeds; None where a run has no such figure."""
        found = self.values(key)
        return mean(found) if found and len(found) == len(self.runs) else None


@dataclass(frozen=True)
class SavedSeries:
    """A series, the cells of each part, and the claims."""

    folder: Path
    series: Series
    cells: dict[str, tuple[Cell, ...]]
    claims: tuple[Verdict, ...]
    environment: Environment

    @property
    def runs(self) -> tuple[Result, ...]:
        """The runs of all parts, in order."""
        return tuple(run for cells in self.cells.values() for cell in cells for run in cell.runs)

    @property
    def data(self) -> str:
        """The titles of the data sets, which say what copies they were."""
        return ", ".join(dict.fromkeys(run.data for run in self.runs if run.data))

    @property
    def seconds(self) -> float:
        """The time of all trainings together."""
        return sum(run.figures.get("seconds", 0.0) for run in self.runs)

    def parts(self) -> Iterator[tuple[Part, tuple[Cell, ...]]]:
        """The parts that have begun, with their cells."""
        return ((part, self.cells[part.name]) for part in self.series.parts if self.cells[part.name])


def read_series(folder: Path) -> Series:
    """The series in a folder, as it was begun. Raises CheckpointError where its file is damaged."""
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


def read(folder: Path) -> SavedSeries:
    """Read the folder of a series. Raises CheckpointError, naming the file, for a piece that is missing or damaged."""
    if not (folder / SERIES).is_file():
        raise CheckpointError(f"{folder} is not the folder of a series: it has no {SERIES}")
    series = read_series(folder)
    cells = {part.name: tuple(_cells(folder / part.name, part)) for part in series.parts}
    return SavedSeries(folder, series, cells, _claims(folder / CLAIMS), environment.read(folder))


def refuse_later_claims(folder: Path) -> None:
    """Raises NewerVersionError for a claims.json of a later version, which would be replaced; a damaged one is."""
    try:
        _claims(folder / CLAIMS)
    except NewerVersionError:
        raise
    except CheckpointError:
        return


def read_result(path: Path) -> Result:
    """Read a result. Raises CheckpointError, naming the file, where it is damaged."""
    result = read_record(Result, path, ANEW)
    if result.status == "finished" and not result.history:
        raise CheckpointError(f"{path} at history: a finished run needs its history; {ANEW}")
    if not all({"epoch", "elapsed"} <= epoch.keys() for epoch in result.history):
        raise CheckpointError(f"{path} at history: an epoch needs its number and its time; {ANEW}")
    result._file = path
    return result


def write_result(path: Path, result: Result) -> None:
    """Write a result, whole or not at all; the folder of its part is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_record(path, result)


def write_claims(folder: Path, found: list[Verdict]) -> None:
    """Write the claims beside the figures that there are."""
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


def _cells(folder: Path, part: Part) -> Iterator[Cell]:
    """The results of a part, cell by cell."""
    runs: dict[tuple[tuple[str, str], ...], list[Result]] = {}
    for path in sorted(folder.glob(RESULTS)):
        run = read_result(path)
        if run.labels.keys() != {axis.name for axis in part.axes}:
            raise CheckpointError(f"{path} at labels: a result needs its case on each axis of {part.name}; {ANEW}")
        runs.setdefault(tuple(run.labels.items()), []).append(run)
    return (Cell(dict(labels), tuple(found)) for labels, found in runs.items())
