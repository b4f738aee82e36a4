"""The folder of a comparison: compare.json, with the plan, the results, and at the end the tests of the differences.

`docs/formats.md` describes the file.
"""

from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, model_validator

from backhand.errors import BackhandError
from backhand.experiments.comparison import FILE
from backhand.experiments.comparison.measure import ERROR, RMSE, Measure
from backhand.experiments.kind import Row
from backhand.experiments.records import Count, FileRecord, Record, Share, read_record, write_record
from backhand.experiments.settings import difference, settings
from backhand.page.numbers import counted
from backhand.study import Study
from backhand.study.data import DataTable

RESULTS = {"version", "plan", "status", "results", "pairs"}  # keys that may differ when a comparison is resumed


class Data(Record):
    """The samples that the folds divide, with the checksum by which a repetition recognises the same samples.

    targets, deviations: of a regression, the names of the targets, and their standard deviations over all samples.
    counts: the samples of each class; of a regression the number of samples alone.
    """

    name: str
    title: str
    source: str
    notes: dict[str, str] = Field(default_factory=dict)
    classes: tuple[str, ...]
    targets: tuple[str, ...] = ()
    deviations: tuple[float, ...] = ()
    sample_shape: tuple[int, ...]
    counts: tuple[Count, ...]
    sha256: str

    @property
    def samples(self) -> int:
        """The number of samples in all classes together."""
        return sum(self.counts)


class PlanRecord(Record):
    """The plan as it is saved: data, networks, names of the learners against them, number of folds, and seed."""

    data: DataTable
    networks: tuple[Study, ...]
    against: tuple[str, ...]
    folds: int
    seed: int


class LearnerRecord(Record):
    """A learner that is compared. study: the whole study of a network; None for a learner of scikit-learn."""

    name: str
    settings: str
    study: Annotated[Study | None, BeforeValidator(lambda value: value or None)] = None  # empty in earlier versions


class Result(Record):
    """The result of one learner in one fold, which has `count` test samples.

    wrong: the indices, among all samples, of the test samples that the learner classified wrongly.   chosen: what it
    chose while training, by name.   failure: why its training counts as failed; "" if it does not.
    rmse, mae, r2: of a regression, means over its targets; r2 is None where a target is constant.
    distances: of a regression, how far each test sample's prediction is from the truth, in the order of their indices;
    of several targets the root mean square of the errors in standard deviations.
    """

    learner: str
    fold: int
    count: int = Field(gt=0)
    wrong: tuple[int, ...] = ()
    rmse: float | None = None
    mae: float | None = None
    r2: float | None = None
    distances: tuple[float, ...] = ()
    train_seconds: float
    test_seconds: float
    chosen: dict[str, int | None]
    failure: str = ""

    @property
    def error(self) -> float:
        """The share of the fold's test samples that the learner classified wrongly, or the RMSE of a regression."""
        return len(self.wrong) / self.count if self.rmse is None else self.rmse


class Pair(Record):
    """The difference between the errors of two learners, with its corrected interval and tests; see `statistics.py`.

    difference: the mean error of the first learner minus that of the second.   interval: None if the difference is the
    same in every fold.   p, mcnemar: p-values of this pair alone.   p_holm, mcnemar_holm: the same, corrected for all
    pairs of the comparison.   only_first, only_second: how many samples only this learner classified wrongly; of a
    regression, for how many its prediction is further from the truth, which the sign test in `mcnemar` is of.
    """

    first: str
    second: str
    difference: float
    interval: tuple[float, float] | None
    p: Share
    p_holm: Share
    only_first: Count
    only_second: Count
    mcnemar: Share
    mcnemar_holm: Share


class Comparison(FileRecord):
    """Everything that compare.json holds: the learners and their data, the results so far, and at the end the tests.

    plan: what a comparison is resumed from; None in files of earlier versions.
    """

    plan: Annotated[PlanRecord | None, BeforeValidator(lambda value: value or None)] = None
    status: Literal["running", "finished"]
    data: Data
    folds: int
    seed: int
    learners: tuple[LearnerRecord, ...]
    results: tuple[Result, ...] = ()
    pairs: tuple[Pair, ...] = ()

    @model_validator(mode="after")
    def _finished_is_complete(self) -> Self:
        done = {(result.learner, result.fold) for result in self.results}
        wanted = {(learner.name, fold) for learner in self.learners for fold in range(self.folds)}
        if not (self.data.classes or self.data.targets):
            raise ValueError("data needs classes or targets")
        if self.status == "finished" and not (wanted <= done and self.pairs):
            raise ValueError("a finished comparison needs its results for every learner and fold, and its pairs")
        names = {learner.name for learner in self.learners}
        if unknown := {name for pair in self.pairs for name in (pair.first, pair.second)} - names:
            raise ValueError(f"pairs has {min(unknown)}, which is not among the learners")
        return self

    @property
    def measure(self) -> Measure:
        """What the learners are compared by."""
        return RMSE if self.data.targets else ERROR

    def has(self, learner: str, fold: int) -> bool:
        """Whether the learner has been tested on this fold."""
        return any((result.learner, result.fold) == (learner, fold) for result in self.results)

    def of(self, learner: str) -> list[Result]:
        """The results of a learner, in the order of the folds."""
        return sorted((result for result in self.results if result.learner == learner), key=lambda result: result.fold)

    def errors(self, learner: str) -> list[float]:
        """The error of a learner in each fold."""
        return [result.error for result in self.of(learner)]

    def wrong(self, learner: str) -> set[int]:
        """The indices of all samples that a learner classified wrongly."""
        return {index for result in self.of(learner) for index in result.wrong}

    def distances(self, learner: str) -> NDArray[np.float64]:
        """How far the predictions of a learner are from the truth, of all samples, fold after fold."""
        return np.array([distance for result in self.of(learner) for distance in result.distances])

    def worse_alone(self, first: str, second: str) -> tuple[int, int]:
        """For how many samples only the first learner, and only the second, is wrong, or further from the truth."""
        if self.data.targets:
            further = self.distances(first) - self.distances(second)
            return int((further > 0).sum()), int((further < 0).sum())
        wrong, others = self.wrong(first), self.wrong(second)
        return len(wrong - others), len(others - wrong)


def read(folder: Path) -> Comparison:
    """Read compare.json. Raises CheckpointError where it is missing or damaged."""
    return read_record(Comparison, folder / FILE)


def write(folder: Path, comparison: Comparison) -> Comparison:
    """Write compare.json, whole or not at all, and return the comparison."""
    write_record(folder / FILE, comparison)
    return comparison


def row(folder: Path) -> Row:
    """The comparison in a list of experiments: its learners, its data, how far it is, and which error is the lowest."""
    comparison = read(folder)
    names = [learner.name for learner in comparison.learners]
    if comparison.status == "running":
        status, result = f"{len(comparison.results)} of {counted(comparison.folds * len(names), 'training')}", ""
    else:
        means = {name: sum(comparison.errors(name)) / comparison.folds for name in names}
        best = min(names, key=lambda name: means[name])
        status, result = "finished", f"lowest {comparison.measure.name}: {best}, {comparison.measure.text(means[best])}"
    return Row(" against ".join((names[0], ", ".join(names[1:]))), comparison.data.title, status, result)


def refuse_another(folder: Path, saved: Comparison, requested: Comparison) -> None:
    """Raises BackhandError where the comparison in the folder is not the requested one, apart from its results.

    The notes on the data are not compared: they follow from the data, and earlier versions did not save them.
    """
    onward = "ask for the same to go on with it, or choose another --out"
    learners = {learner.name: learner for learner in saved.learners}
    for learner in requested.learners:
        before = learners.get(learner.name)
        if before is not None and before.study and learner.study:
            differs = difference(settings(before.study), settings(learner.study), decided=False)
            if differs is not None:
                raise BackhandError(
                    f"{folder} holds a comparison with another network {learner.name}: {differs}; {onward}"
                )
            learners[learner.name] = learner
    data = saved.data.model_copy(update={"notes": requested.data.notes})
    saved = saved.model_copy(update={"data": data, "learners": tuple(learners.values())})
    for key in Comparison.model_fields:
        if key not in RESULTS and getattr(saved, key) != getattr(requested, key):
            raise BackhandError(f"{folder} holds a comparison with other {key} than is asked for; {onward}")
