"""The folder of a run: every file in it, how it is read, and what is written into it.

`docs/formats.md` describes each. What follows meets no surprise: all that is read has been checked.
"""

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
from backhand.page.numbers import counted, percent
from backhand.study import Study
from backhand.training.range_test import RangeTest
from backhand.weights.source import status

FILES = (STUDY, ENVIRONMENT, METRICS)


@dataclass(frozen=True)
class Run:
    """What the folder of a run holds; all that a report is made from."""

    folder: Path
    study: Study
    environment: Environment
    history: tuple[Epoch, ...]
    metrics: Metrics
    evidence: Evidence
    rates: RangeTest | None = None  # where the learning rate came from, if a range test found it

    @property
    def title(self) -> str:
        """The study's own title, or its name."""
        return self.study.title or self.study.name

    @property
    def subtitle(self) -> str:
        """What was learnt, when, and with which version."""
        data = self.metrics.data
        return subtitle(data.title or data.name, self.environment, self.study.changes)

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in the order of their labels."""
        return self.metrics.data.classes

    @property
    def chosen(self) -> Epoch | None:
        """The line of the history whose weights were kept and tested; None before the run is finished."""
        if self.metrics.status != "finished":
            return None
        return next((e for e in self.history if e.epoch == self.metrics.training.chosen_epoch), None)

    def series(self, key: str) -> NDArray[np.float64]:
        """One column of the history, NaN where there is no finite value."""
        values = np.array([getattr(epoch, key) for epoch in self.history], dtype=np.float64)
        return np.where(np.isfinite(values), values, np.nan)


def read(path: PathLike) -> Run:
    """Read the folder of a run, finished or not: its study, history, figures and evidence.

    Raises CheckpointError, naming the file, for a piece that is missing or damaged.
    """
    folder = as_path(path)
    if not folder.is_dir():
        raise CheckpointError(f"{folder} is not a folder; give the folder of a saved run")
    if not any((folder / name).exists() for name in FILES):
        raise CheckpointError(f"{folder} is not the folder of an experiment{_inside(folder, STUDY)}")
    metrics = read_metrics(folder)
    return Run(
        folder=folder,
        study=_study(folder),
        environment=environment.read(folder),
        history=read_history(folder, metrics),
        metrics=metrics,
        evidence=_evidence(folder, metrics),
        rates=rates.read(folder),
    )


def read_tested(paths: Sequence[PathLike]) -> list[Run]:
    """Read the folders of several runs that have been tested.

    Raises CheckpointError as `read` does, for a folder of another kind, for a run without a test result, and for a run
    that is named twice.
    """
    folders = [as_path(path) for path in paths]
    for folder in folders:
        if folder.is_dir() and not (folder / METRICS).exists():
            raise CheckpointError(f"{folder} is not the folder of a single run{_inside(folder, METRICS)}")
    runs = [read(folder) for folder in folders]
    for number, run in enumerate(runs):
        if run.metrics.test is None:
            raise CheckpointError(f"{run.folder} has no test result; bring the run to its end first")
        if run.folder.resolve() in [other.folder.resolve() for other in runs[:number]]:
            raise CheckpointError(f"{run.folder} is named twice; name each run once")
    return runs


def _inside(folder: Path, missing: str) -> str:
    """What to do with a folder that is no run: name a run in its subfolders; else, which file is missing."""
    runs = folders_with(METRICS, folder)
    return f"; name those in it, such as {runs[0]}" if runs else f": it has no {missing}"


def _study(folder: Path) -> Study:
    """The study of the run. Raises CheckpointError where it is missing or damaged."""
    if not (folder / STUDY).exists():
        raise CheckpointError(f"{folder / STUDY} is missing; a report needs the whole folder of an experiment")
    return read_study(folder)


def read_history(folder: Path, metrics: Metrics) -> tuple[Epoch, ...]:
    """The figures of each epoch. Raises CheckpointError, naming the line, where it is damaged."""
    path = folder / HISTORY
    if not path.exists() and metrics.status != "finished":
        return ()  # stopped before its first epoch ended
    finished = metrics.status == "finished"
    lines = [line for line in _lines(read_text(path), finished=finished) if line.strip()]
    if finished and len(lines) != metrics.training.epochs:
        epochs = counted(metrics.training.epochs, "epoch")
        raise CheckpointError(f"{path} has {counted(len(lines), 'line')} for {epochs}; {REMEDY}")
    return tuple(
        valid(Epoch, parsed(line, f"{path} line {number}"), f"{path} line {number}")
        for number, line in enumerate(lines, start=1)
    )


def _lines(text: str, *, finished: bool) -> list[str]:
    """Without a last line that a killed process, or one that is just writing it, has not brought to its end."""
    whole, _, rest = text.rpartition("\n")
    try:
        jsontext.loads(rest or "null")
    except ValueError:
        return text.splitlines() if finished else whole.splitlines()
    return text.splitlines()


def _evidence(folder: Path, metrics: Metrics) -> Evidence:
    if metrics.status != "finished" and not (folder / EVIDENCE).exists():
        return Evidence()  # pictures and probabilities are saved when a run ends
    return evidence.read(folder, len(metrics.data.classes))


def read_metrics(folder: Path) -> Metrics:
    """The figures of the run so far. Raises CheckpointError, naming the file, where it is missing or damaged."""
    return read_record(Metrics, folder / METRICS)


def finished(folder: Path) -> Metrics | None:
    """The figures of a run that has been tested; None of one that has not, or of none.

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
    """Write the figures of the run so far, whole or not at all."""
    write_record(folder / METRICS, metrics)


def has_result(folder: Path) -> bool:
    """Whether the run has come to an end, be it that it diverged."""
    return status(folder)[0] in ("finished", "diverged")


def row(folder: Path) -> Row:
    """The study, its data, how far the run is, and its test accuracy."""
    metrics, study = read_metrics(folder), _study(folder)
    test = metrics.test
    result = f"test accuracy {percent(test.accuracy)}" if test else metrics.message
    return Row(study.name, metrics.data.title or metrics.data.name, metrics.status, result)
