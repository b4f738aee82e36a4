"""The folder of a run: every file in it, how it is read, and how it is written.

`docs/formats.md` describes each file. Everything that is read here has been checked, so that its users need not.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backhand.errors import CheckpointError
from backhand.experiments import environment, rates
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
from backhand.experiments.run import evidence
from backhand.experiments.run.evidence import Evidence
from backhand.experiments.run.metrics import Epoch, Metrics
from backhand.experiments.settings import read_study
from backhand.files import jsontext
from backhand.files.folders import folders_with
from backhand.files.names import ENVIRONMENT, EVIDENCE, HISTORY, METRICS, STUDY
from backhand.files.paths import PathLike, as_path
from backhand.page.heading import subtitle
from backhand.page.numbers import counted, decimal, percent, significant
from backhand.study import Study
from backhand.training.range_test import RangeTest
from backhand.weights.run_status import has_status

FILES = (STUDY, ENVIRONMENT, METRICS)


@dataclass(frozen=True)
class Run:
    """All that the folder of a run holds, from which its report is made."""

    folder: Path
    study: Study
    environment: Environment
    history: tuple[Epoch, ...]
    metrics: Metrics
    evidence: Evidence
    rates: RangeTest | None = None  # the range test by which the learning rate was chosen, if there was one

    @property
    def title(self) -> str:
        """The study's own title, or its name."""
        return self.study.title or self.study.name

    @property
    def subtitle(self) -> str:
        """The data, the start, the version, and what the command line changed, in one line."""
        data = self.metrics.data
        return subtitle(data.title or data.name, self.environment, self.study.changes)

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in the order of their labels."""
        return self.metrics.data.classes

    @property
    def is_regression(self) -> bool:
        """Whether the run predicts numbers rather than classes."""
        return bool(self.metrics.data.targets)

    @property
    def chosen(self) -> Epoch | None:
        """The line of the history whose weights were kept and tested; None before the run is finished."""
        if self.metrics.status != "finished":
            return None
        return next((epoch for epoch in self.history if epoch.epoch == self.metrics.training.chosen_epoch), None)

    def _repr_html_(self) -> str:
        """The main figures, the findings and the curves, as a notebook shows them."""
        from backhand.experiments.run.notebook import view

        return view(self)

    def series(self, key: str) -> NDArray[np.float64]:
        """One column of the history, NaN where there is no finite value."""
        values = np.array([getattr(epoch, key) for epoch in self.history], dtype=np.float64)
        return np.where(np.isfinite(values), values, np.nan)


def read(path: PathLike) -> Run:
    """Read the folder of a run, finished or not: its study, history, figures and evidence.

    Raises CheckpointError, naming the file, where one is missing or damaged.
    """
    folder = as_path(path)
    if not folder.is_dir():
        raise CheckpointError(f"{folder} is not a folder; give the folder of a saved run")
    if not any((folder / name).exists() for name in FILES):
        raise CheckpointError(f"{folder} is not the folder of an experiment{_hint(folder, STUDY)}")
    metrics = read_metrics(folder)
    return Run(
        folder=folder,
        study=_read_study(folder),
        environment=environment.read(folder),
        history=read_history(folder, metrics),
        metrics=metrics,
        evidence=_read_evidence(folder, metrics),
        rates=rates.read(folder),
    )


def read_single(path: PathLike) -> Run:
    """Read the folder of a run. Raises CheckpointError as `read` does, and for a folder of another kind."""
    folder = as_path(path)
    if folder.is_dir() and not (folder / METRICS).exists():
        raise CheckpointError(f"{folder} is not the folder of a single run{_hint(folder, METRICS)}")
    return read(folder)


def read_tested(paths: Sequence[PathLike]) -> list[Run]:
    """Read the folders of several runs that have been tested: all of classifiers, or all of regressions.

    Raises CheckpointError as `read` does, for a folder of another kind, for a run without a test result, for a run that
    is named twice, and for a regression among classifiers.
    """
    runs = [read_single(path) for path in paths]
    for number, run in enumerate(runs):
        if run.metrics.test is None and run.metrics.test_errors is None:
            raise CheckpointError(f"{run.folder} has no test result; bring the run to its end first")
        if run.is_regression != runs[0].is_regression:
            one, other = (run, runs[0]) if run.is_regression else (runs[0], run)
            raise CheckpointError(f"{one.folder} predicts numbers, and {other.folder} classes; name runs of one kind")
        if run.folder.resolve() in [other.folder.resolve() for other in runs[:number]]:
            raise CheckpointError(f"{run.folder} is named twice; name each run once")
    return runs


def _hint(folder: Path, missing: str) -> str:
    """A hint for a folder that is no run: to name a run in its subfolders, or else which file is missing."""
    runs = folders_with(METRICS, folder)
    return f"; name those in it, such as {runs[0]}" if runs else f": it has no {missing}"


def _read_study(folder: Path) -> Study:
    """Read the study of the run. Raises CheckpointError where it is missing or damaged."""
    if not (folder / STUDY).exists():
        raise CheckpointError(f"{folder / STUDY} is missing; a report needs the whole folder of an experiment")
    return read_study(folder)


def read_history(folder: Path, metrics: Metrics) -> tuple[Epoch, ...]:
    """Read the figures of each epoch. Raises CheckpointError, naming the line, where one is damaged."""
    path = folder / HISTORY
    if not path.exists() and metrics.status != "finished":
        return ()  # stopped before its first epoch ended
    finished = metrics.status == "finished"
    lines = [line for line in _complete_lines(read_text(path), finished=finished) if line.strip()]
    if finished and len(lines) != metrics.training.epochs:
        epochs = counted(metrics.training.epochs, "epoch")
        raise CheckpointError(f"{path} has {counted(len(lines), 'line')} for {epochs}; {REMEDY}")
    return tuple(
        valid(Epoch, parsed(line, f"{path} line {number}"), f"{path} line {number}")
        for number, line in enumerate(lines, start=1)
    )


def _complete_lines(text: str, *, finished: bool) -> list[str]:
    """The lines of the history; before the run is finished, a last line that is written only in part is left out."""
    complete, _, last = text.rpartition("\n")
    try:
        jsontext.loads(last or "null")
    except ValueError:
        return text.splitlines() if finished else complete.splitlines()
    return text.splitlines()


def _read_evidence(folder: Path, metrics: Metrics) -> Evidence:
    """Read the evidence of the run, which may be missing before the run is finished."""
    if metrics.status != "finished" and not (folder / EVIDENCE).exists():
        return Evidence()  # pictures and probabilities are saved when a run ends
    return evidence.read(folder, len(metrics.data.classes), len(metrics.data.targets))


def read_metrics(folder: Path) -> Metrics:
    """Read the figures of the run so far. Raises CheckpointError, naming the file, where it is missing or damaged."""
    return read_record(Metrics, folder / METRICS)


def finished_metrics(folder: Path) -> Metrics | None:
    """Read the figures of a finished run; None where the run is not finished, or its figures cannot be read.

    Raises NewerVersionError for a run of a later version.
    """
    try:
        metrics = read_metrics(folder)
    except NewerVersionError:
        raise
    except CheckpointError:
        return None
    return metrics if metrics.status == "finished" else None


def write_metrics(folder: Path, metrics: Metrics) -> None:
    """Write the figures of the run so far; if that fails, an earlier file stays as it was."""
    write_record(folder / METRICS, metrics)


def has_result(folder: Path) -> bool:
    """Whether the run is finished or has diverged."""
    return has_status(folder, "finished", "diverged")


def row(folder: Path) -> Row:
    """The row of the run in a list: its study, its data, its status, and its test accuracy or error."""
    metrics, study = read_metrics(folder), _read_study(folder)
    test, errors = metrics.test, metrics.test_errors
    result = f"test accuracy {percent(test.accuracy)}" if test else metrics.message
    if errors:
        explained = f", R² {decimal(errors.r2)}" if math.isfinite(errors.r2) else ""
        result = f"test RMSE {significant(errors.rmse, 4)}{explained}"
    return Row(study.name, metrics.data.title or metrics.data.name, metrics.status, result)
