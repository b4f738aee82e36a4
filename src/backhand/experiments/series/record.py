"""The folder of a series: the file of the series, a file for each result, and the claims beside our figures.

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

RESULT_REMEDY = "restore it, or remove it and resume the series"
RESULTS = "*-seed-*.json"  # the files of a part's results
NUMERIC = (*"0123456789[",)  # the first characters of cases that need the name of their axis


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
        """The cases of the cell in a sentence, with the name of the axis before a number: learning rate 0.1."""
        cases = (f"{axis} {case}" if case[:1] in NUMERIC else case for axis, case in self.labels.items())
        return ", ".join(cases) or "the run"

    @property
    def diverged(self) -> int:
        """The number of its runs that diverged."""
        return sum(run.status != "finished" for run in self.runs)

    @property
    def failures(self) -> list[str]:
        """The reasons why runs that reached their last epoch count as failed."""
        return [run.failure for run in self.runs if run.failure]

    def values(self, key: str) -> list[float]:
        """Return the values of a figure, of each run that has it."""
        return [run.figures[key] for run in self.runs if key in run.figures]

    def mean(self, key: str) -> float | None:
        """Return the mean of a figure over the seeds; None where a run has no such figure."""
        values = self.values(key)
        return mean(values) if values and len(values) == len(self.runs) else None


@dataclass(frozen=True)
class SavedSeries:
    """Everything that the report of a series is written from. cells: those of each part, by its name."""

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
        """The titles of the data sets, each with its copy."""
        return ", ".join(dict.fromkeys(run.data for run in self.runs if run.data))

    @property
    def seconds(self) -> float:
        """The time of all trainings together."""
        return sum(run.figures.get("seconds", 0.0) for run in self.runs)

    def parts(self) -> Iterator[tuple[Part, tuple[Cell, ...]]]:
        """Yield the parts that have a result, with their cells."""
        return ((part, self.cells[part.name]) for part in self.series.parts if self.cells[part.name])


def read_series(folder: Path) -> Series:
    """Read the series that a folder was begun with. Raises CheckpointError where its file is damaged."""
    try:
        return load_series(str(folder / SERIES))
    except StudyError as error:
        raise CheckpointError(environment.lacking(folder) or f"{error}; {REMEDY}") from None


def series_file(series: Series) -> dict[str, str]:
    """Return the text of the file that `read_series` reads, by its name, for `Workspace.begin` to write."""
    return {SERIES: to_toml(series)}


def result_file(folder: Path, part: str, number: int, seed: int) -> Path:
    """Return the path of a result. number: that of the cell among the cells of its part, counted from 0."""
    return folder / part / f"{number:03}-seed-{seed}.json"


def read(folder: Path) -> SavedSeries:
    """Read the folder of a series. Raises CheckpointError, naming the file, for a piece that is missing or damaged."""
    if not (folder / SERIES).is_file():
        raise CheckpointError(f"{folder} is not the folder of a series: it has no {SERIES}")
    series = read_series(folder)
    cells = {part.name: tuple(_cells(folder / part.name, part)) for part in series.parts}
    return SavedSeries(folder, series, cells, _claims(folder / CLAIMS), environment.read(folder))


def refuse_later_claims(folder: Path) -> None:
    """Raises NewerVersionError for a claims.json of a later version. A damaged one may be replaced."""
    try:
        _claims(folder / CLAIMS)
    except NewerVersionError:
        raise
    except CheckpointError:
        return


def read_result(path: Path) -> Result:
    """Read a result. Raises CheckpointError, naming the file, where it is damaged."""
    result = read_record(Result, path, RESULT_REMEDY)
    if result.status == "finished" and not result.history:
        raise CheckpointError(f"{path} at history: a finished run needs its history; {RESULT_REMEDY}")
    if not all({"epoch", "elapsed"} <= epoch.keys() for epoch in result.history):
        raise CheckpointError(f"{path} at history: an epoch needs its number and its time; {RESULT_REMEDY}")
    result._file = path
    return result


def write_result(path: Path, result: Result) -> None:
    """Write a result, whole or not at all, and make the folder of its part where there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_record(path, result)


def write_claims(folder: Path, claims: list[Verdict]) -> None:
    """Write claims.json, whole or not at all."""
    write_record(folder / CLAIMS, Claims(claims=tuple(claims)))


def has_result(folder: Path) -> bool:
    """Whether the folder holds the result of any run."""
    return any(folder.glob(f"*/{RESULTS}"))


def row(folder: Path) -> Row:
    """Return the row of the series: its data, how many of its runs are done, and how many claims are met."""
    saved_series = read(folder)
    planned = sum(part.seeds * sum(1 for _ in part.cells()) for part in saved_series.series.parts)
    with_target = [claim for claim in saved_series.claims if claim.met is not None]
    met = f"{sum(bool(claim.met) for claim in with_target)} of {len(with_target)} claims met" if with_target else ""
    status = "finished" if len(saved_series.runs) == planned else f"{len(saved_series.runs)} of {planned} runs"
    return Row(saved_series.series.name, saved_series.data, status, met)


def _claims(path: Path) -> tuple[Verdict, ...]:
    if not path.exists():
        return ()
    value = parsed(read_text(path), path)
    record = {"claims": value} if isinstance(value, list) else value  # earlier versions wrote a list
    return valid(Claims, record, path).claims


def _cells(folder: Path, part: Part) -> Iterator[Cell]:
    """Read the results of a part and yield them cell by cell."""
    runs: dict[tuple[tuple[str, str], ...], list[Result]] = {}
    for path in sorted(folder.glob(RESULTS)):
        run = read_result(path)
        if run.labels.keys() != {axis.name for axis in part.axes}:
            raise CheckpointError(
                f"{path} at labels: a result needs its case on each axis of {part.name}; {RESULT_REMEDY}"
            )
        runs.setdefault(tuple(run.labels.items()), []).append(run)
    return (Cell(dict(labels), tuple(group)) for labels, group in runs.items())
