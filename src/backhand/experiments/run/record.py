"""The folder of a run: every file in it, how it is read, and what is written into it.

`docs/formats.md` describes each. What follows meets no surprise: all that is read has been checked.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backhand.errors import CheckpointError
from backhand.experiments.kind import Row
from backhand.experiments.records import (
    parsed,
    read_mapping,
    read_record,
    read_text,
    read_toml,
    valid,
    write_json,
    write_record,
)
from backhand.experiments.run.evidence import Arrays, arrays
from backhand.experiments.run.metrics import Epoch, Metrics
from backhand.files import jsontext
from backhand.files.atomic import folders_with
from backhand.files.names import ENVIRONMENT, EVIDENCE, HISTORY, METRICS, RANGE_TEST, STUDY
from backhand.files.paths import PathLike, as_path
from backhand.page.heading import subtitle
from backhand.page.numbers import percent
from backhand.training.range_test import RangeTest
from backhand.weights.source import status

FILES = (STUDY, ENVIRONMENT, METRICS)


@dataclass(frozen=True)
class Run:
    """All that a report is made from."""

    folder: Path
    study: dict[str, Any]
    environment: dict[str, Any]
    history: tuple[Epoch, ...]
    metrics: Metrics
    evidence: Arrays
    rates: RangeTest | None = None  # where the learning rate came from, if a range test found it

    @property
    def title(self) -> str:
        """The study's own title, or its name, or the folder's."""
        return str(self.study.get("title") or self.study.get("name") or self.folder.name)

    @property
    def subtitle(self) -> str:
        """What was learnt, when, and with which version."""
        data = self.metrics.data
        return subtitle(data.title or data.name, self.environment, self.study.get("changes", {}))

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
    """Read a run folder. Raises CheckpointError, naming the file, for a piece that is missing or damaged."""
    folder = as_path(path)
    if not folder.is_dir():
        raise CheckpointError(f"{folder} is not a folder; give the folder of a saved run")
    if not any((folder / name).exists() for name in FILES):
        raise CheckpointError(f"{folder} is not the folder of an experiment{_inside(folder)}")
    metrics = read_metrics(folder)
    return Run(
        folder=folder,
        study=read_toml(folder / STUDY),
        environment=read_mapping(folder / ENVIRONMENT),
        history=_history(folder / HISTORY, metrics),
        metrics=metrics,
        evidence=_evidence(folder / EVIDENCE, metrics),
        rates=read_rates(folder / RANGE_TEST),
    )


def _inside(folder: Path) -> str:
    """The runs below a folder that is none itself."""
    runs = folders_with(METRICS, folder)
    return f"; name those in it, such as {runs[0]}" if runs else f": it has no {STUDY}"


def read_rates(path: Path) -> RangeTest | None:
    """A range test, or None where none was made. Raises CheckpointError, naming the file, where it is damaged."""
    if not path.exists():
        return None
    try:
        return RangeTest(**{key: np.array(values, np.float64) for key, values in read_mapping(path).items()})
    except (TypeError, ValueError):
        raise CheckpointError(f"{path} holds no range test; restore it or repeat the run") from None


def _history(path: Path, metrics: Metrics) -> tuple[Epoch, ...]:
    if not path.exists() and metrics.status != "finished":
        return ()  # stopped before its first epoch ended
    lines = _lines(read_text(path), finished=metrics.status == "finished")
    return tuple(
        valid(Epoch, parsed(line, f"{path} line {number}"), f"{path} line {number}")
        for number, line in enumerate(lines, start=1)
        if line.strip()
    )


def _lines(text: str, *, finished: bool) -> list[str]:
    """Without a last line that a killed process, or one that is just writing it, has not brought to its end."""
    whole, _, rest = text.rpartition("\n")
    try:
        jsontext.loads(rest or "null")
    except ValueError:
        return text.splitlines() if finished else whole.splitlines()
    return text.splitlines()


def _evidence(path: Path, metrics: Metrics) -> Arrays:
    if not path.exists() and metrics.status != "finished":
        return {}  # pictures and probabilities are saved when a run ends
    try:
        return arrays(path.read_bytes(), len(metrics.data.classes))
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing; a report needs the whole folder of a run") from None
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged ({error}); restore it or repeat the run") from None


def read_metrics(folder: Path) -> Metrics:
    """Its figures so far. Raises CheckpointError, naming the file, where it is missing or damaged."""
    return read_record(Metrics, folder / METRICS)


def finished(folder: Path) -> Metrics | None:
    """The figures of a run that has been tested; None of one that has not, or of none."""
    try:
        metrics = read_metrics(folder)
    except CheckpointError:
        return None
    return metrics if metrics.status == "finished" else None


def history_of(folder: Path) -> list[dict[str, Any]]:
    """Each epoch's figures by name, as the solver recorded them."""
    return [jsontext.loads(line) for line in read_text(folder / HISTORY).splitlines()]


def write_metrics(folder: Path, metrics: Metrics) -> None:
    """Its figures so far, whole or not at all."""
    write_record(folder / METRICS, metrics)


def write_rates(path: Path, found: RangeTest) -> None:
    """A range test, as `read_rates` reads it."""
    write_json(path, found.as_json())


def has_result(folder: Path) -> bool:
    """Whether the run has come to an end, be it that it diverged."""
    return status(folder)[0] in ("finished", "diverged")


def row(folder: Path) -> Row:
    """The study, its data, how far the run is, and its test accuracy."""
    metrics, study = read_metrics(folder), read_toml(folder / STUDY)
    test = metrics.test
    result = f"test accuracy {percent(test.accuracy)}" if test else metrics.message
    return Row(str(study.get("name", folder.name)), metrics.data.title or metrics.data.name, metrics.status, result)
