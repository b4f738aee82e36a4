"""The folder of an extension: extend.json, the study of each way, and a run's folder for each.

`docs/formats.md` describes the files.
"""

from collections.abc import Mapping
from math import nan
from pathlib import Path
from typing import Any, Self

from pydantic import Field, model_validator

from backhand.errors import BackhandError, CheckpointError
from backhand.experiments.extension import FILE, study_name
from backhand.experiments.kind import Row
from backhand.experiments.records import FileRecord, Record, read_record, write_record
from backhand.experiments.run.metrics import Metrics
from backhand.experiments.run.record import read_history, read_metrics
from backhand.experiments.settings import study_in
from backhand.files.names import METRICS
from backhand.page.numbers import percent
from backhand.study import Study, to_toml


class Figures(Record):
    """For each class, the test samples that are classified rightly, and all of them."""

    right: tuple[int, ...] = ()
    counts: tuple[int, ...] = ()
    leaves: int | None = None  # of a decision tree

    @model_validator(mode="after")
    def _one_number_per_class(self) -> Self:
        if len(self.right) != len(self.counts):
            raise ValueError("right and counts need one number for each class")
        return self

    def accuracy(self, classes: slice = slice(None)) -> float:
        """The share of the test samples of these classes that are classified rightly; NaN where there are none."""
        total = sum(self.counts[classes])
        return sum(self.right[classes]) / total if total else nan


class Trained(Figures):
    """A run: the names of its classes, accuracies after each epoch, or why it stopped; and what must be said of it."""

    classes: tuple[str, ...] = ()
    sha256: str = ""
    curves: dict[str, tuple[float, ...]] = Field(default_factory=dict)
    stopped: str = ""
    remark: str = ""

    @model_validator(mode="after")
    def _one_number_per_name(self) -> Self:
        if len(self.classes) != len(self.counts):
            raise ValueError("classes, right and counts need one entry for each class")
        return self

    @property
    def is_over(self) -> bool:
        """Whether it has come to an end, be it that it diverged before it classified anything."""
        return bool(self.counts)


class Extension(FileRecord):
    """Everything that extend.json holds.

    run: the folder of the run that is extended. tree: whether a decision tree is asked for.
    """

    run: str
    title: str
    old: Trained
    ways: dict[str, Trained]
    with_tree: bool = True
    tree: Figures | None = None

    @model_validator(mode="before")
    @classmethod
    def _of_earlier_version(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Earlier versions told by the key `tree` itself whether one is asked for."""
        return {"with_tree": "tree" in values} | values

    @model_validator(mode="after")
    def _has_old_classes(self) -> Self:
        if not self.old.classes:
            raise ValueError("old needs its classes")
        return self

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to train."""
        trained = all(each.is_over or each.stopped for each in self.ways.values())
        return trained and (self.tree is not None or not self.with_tree)


def read(folder: Path) -> Extension:
    """Read extend.json. Raises CheckpointError where it is missing or damaged."""
    return read_record(Extension, folder / FILE)


def read_studies(folder: Path, record: Extension) -> dict[str, Study]:
    """The study of each way. Raises CheckpointError where one is missing or damaged."""
    return {way: study_in(folder / study_name(way)) for way in record.ways}


def study_files(studies: Mapping[str, Study]) -> dict[str, str]:
    """The files that `read_studies` reads, by their names, for `Workspace.begin` to write."""
    return {study_name(way): to_toml(study) for way, study in studies.items()}


def write(folder: Path, record: Extension) -> Extension:
    """Write extend.json, whole or not at all; returns it."""
    write_record(folder / FILE, record)
    return record


def has_result(folder: Path) -> bool:
    """Whether the folder holds an extension."""
    return (folder / FILE).exists()


def row(folder: Path) -> Row:
    """The run, its new classes, how many ways are done, and what the best of them reaches on old and new classes."""
    record = read(folder)
    done = [way for way, each in record.ways.items() if each.is_over]
    first = len(record.old.classes)
    classes = next((each.classes[first:] for each in record.ways.values() if each.is_over), ())
    status = "finished" if record.is_over else f"{len(done)} of {len(record.ways)} ways"
    best = max((each for each in record.ways.values() if each.is_over), key=Figures.accuracy, default=None)
    result = ""
    if best is not None:
        old, new = percent(best.accuracy(slice(first))), percent(best.accuracy(slice(first, None)))
        result = f"test accuracy {old} on old and {new} on new classes"
    return Row(f"{record.title}: new classes", ", ".join(classes), status, result)


def trained(run: Path) -> Trained:
    """What a finished run knows: its classes, how many test samples of each it has and gets right, its data.

    Raises BackhandError for a run that is not at its end, or whose figures cannot be read.
    """
    try:
        metrics = read_metrics(run)
    except CheckpointError as error:
        raise BackhandError(f"{run} has no {METRICS} that can be read; finish the run first") from error
    if metrics.status != "finished" or metrics.test is None:
        raise BackhandError(f"{run} is not finished but {metrics.status}; bring it to its end, then extend it")
    return Trained(
        classes=metrics.data.classes,
        sha256=metrics.data.sha256,
        right=tuple(row[k] for k, row in enumerate(metrics.test.confusion)),
        counts=tuple(row.support for row in metrics.test.per_class),
        remark=_remark(metrics),
    )


def curves(run: Path) -> dict[str, tuple[float, ...]]:
    """The accuracy on validation samples of the old and the new classes after each epoch, where there are any."""
    history = read_history(run, read_metrics(run))
    columns = {
        "old": [epoch.old_accuracy for epoch in history],
        "new": [epoch.new_accuracy for epoch in history],
    }
    known = {split: tuple(value for value in values if value is not None) for split, values in columns.items()}
    return {split: values for split, values in known.items() if values}


def _remark(metrics: Metrics) -> str:
    """What must be said of a finished run's figures."""
    failure, remark = metrics.training.failure, metrics.test.remark if metrics.test else ""
    return " ".join(filter(None, (f"The training failed. {failure}" if failure else "", remark)))
