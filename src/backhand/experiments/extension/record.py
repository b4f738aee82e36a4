"""The folder of an extension: extend.json, and a study and the folder of a run for each way of training.

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
    """The test figures of a classifier, class by class.

    right: how many test samples of each class are classified correctly.   counts: how many there are.
    """

    right: tuple[int, ...] = ()
    counts: tuple[int, ...] = ()
    leaves: int | None = None  # of a decision tree; None for a network

    @model_validator(mode="after")
    def _one_number_per_class(self) -> Self:
        if len(self.right) != len(self.counts):
            raise ValueError("right and counts need one number for each class")
        return self

    def accuracy(self, classes: slice = slice(None)) -> float:
        """The share of the test samples of these classes that is classified correctly; NaN if there are none."""
        total = sum(self.counts[classes])
        return sum(self.right[classes]) / total if total else nan


class RunFigures(Figures):
    """The figures of a run.

    classes: their names.   sha256: the checksum of the data.   curves: accuracies after each epoch.   stopped: why the
    training broke off; "" if it did not.   remark: sentences on what is wrong with the run; "" if nothing is.
    """

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
    def is_tested(self) -> bool:
        """Whether the run was trained to its end, and tested."""
        return bool(self.counts)


class Extension(FileRecord):
    """Everything that extend.json holds.

    run, title, old: the folder, the title and the figures of the run that is extended.   ways: the figures of each way
    of training.   with_tree: whether a decision tree is wanted.   tree: its figures, once it is grown.
    """

    run: str
    title: str
    old: RunFigures
    ways: dict[str, RunFigures]
    with_tree: bool = True
    tree: Figures | None = None

    @model_validator(mode="before")
    @classmethod
    def _of_earlier_version(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Files of earlier versions have the key `tree` only if a decision tree is wanted, and no key `with_tree`."""
        return {"with_tree": "tree" in values} | values

    @model_validator(mode="after")
    def _has_old_classes(self) -> Self:
        if not self.old.classes:
            raise ValueError("old needs its classes")
        return self

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left to train."""
        trained = all(figures.is_tested or figures.stopped for figures in self.ways.values())
        return trained and (self.tree is not None or not self.with_tree)


def read(folder: Path) -> Extension:
    """Read extend.json. Raises CheckpointError where it is missing or damaged."""
    return read_record(Extension, folder / FILE)


def read_studies(folder: Path, extension: Extension) -> dict[str, Study]:
    """Read the study of each way. Raises CheckpointError where one is missing or damaged."""
    return {way: study_in(folder / study_name(way)) for way in extension.ways}


def study_files(studies: Mapping[str, Study]) -> dict[str, str]:
    """The texts of the files that `read_studies` reads, by their names."""
    return {study_name(way): to_toml(study) for way, study in studies.items()}


def write(folder: Path, extension: Extension) -> Extension:
    """Write extend.json, whole or not at all, and return the extension."""
    write_record(folder / FILE, extension)
    return extension


def row(folder: Path) -> Row:
    """The extension in a list of experiments: run, new classes, how many ways are done, and the best accuracies."""
    extension = read(folder)
    done = [figures for figures in extension.ways.values() if figures.is_tested]
    old_classes = len(extension.old.classes)
    classes = done[0].classes[old_classes:] if done else ()
    status = "finished" if extension.is_finished else f"{len(done)} of {len(extension.ways)} ways"
    result = ""
    if done:
        best = max(done, key=Figures.accuracy)
        old, new = percent(best.accuracy(slice(old_classes))), percent(best.accuracy(slice(old_classes, None)))
        result = f"test accuracy {old} on old and {new} on new classes"
    return Row(f"{extension.title}: new classes", ", ".join(classes), status, result)


def run_figures(run: Path) -> RunFigures:
    """The figures of a finished run, without its curves.

    Raises BackhandError for a run that is not finished, or whose figures cannot be read.
    """
    try:
        metrics = read_metrics(run)
    except CheckpointError as error:
        raise BackhandError(f"{run} has no {METRICS} that can be read; finish the run first") from error
    if metrics.status != "finished" or metrics.test is None:
        raise BackhandError(f"{run} is not finished but {metrics.status}; bring it to its end, then extend it")
    return RunFigures(
        classes=metrics.data.classes,
        sha256=metrics.data.sha256,
        right=tuple(row[k] for k, row in enumerate(metrics.test.confusion)),
        counts=tuple(row.support for row in metrics.test.per_class),
        remark=_remark(metrics),
    )


def curves(run: Path) -> dict[str, tuple[float, ...]]:
    """The validation accuracies on old and on new classes after each epoch; {} without a validation split."""
    history = read_history(run, read_metrics(run))
    columns = {
        "old": [epoch.old_accuracy for epoch in history],
        "new": [epoch.new_accuracy for epoch in history],
    }
    known = {group: tuple(value for value in values if value is not None) for group, values in columns.items()}
    return {group: values for group, values in known.items() if values}


def _remark(metrics: Metrics) -> str:
    """Sentences on what is wrong with a finished run; "" if nothing is."""
    failure, remark = metrics.training.failure, metrics.test.remark if metrics.test else ""
    return " ".join(filter(None, (f"The training failed. {failure}" if failure else "", remark)))
