"""The folder of a comparison: compare.json, with what is compared, every result, and at the end what follows.

`docs/formats.md` describes the file.
"""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from backhand.errors import BackhandError
from backhand.experiments.comparison import FILE
from backhand.experiments.kind import Row
from backhand.experiments.records import Count, FileRecord, Record, Share, read_record, write_record
from backhand.experiments.settings import difference, settings
from backhand.page.numbers import counted, percent
from backhand.study import Study
from backhand.study.schema import DataTable

RESULTS = {"version", "plan", "status", "results", "pairs"}


class Data(Record):
    """What is compared on: the samples that the folds share out, and what a repetition must meet again."""

    name: str
    title: str
    source: str
    notes: dict[str, str] = Field(default_factory=dict)
    classes: tuple[str, ...] = Field(min_length=1)
    sample_shape: tuple[int, ...]
    counts: tuple[Count, ...]
    sha256: str

    @property
    def samples(self) -> int:
        """The number of samples in all."""
        return sum(self.counts)


class PlanRecord(Record):
    """What was asked for: the data, the networks, the names of the learners against them, the folds and the seed."""

    data: DataTable
    networks: tuple[Study, ...]
    against: tuple[str, ...]
    folds: int
    seed: int


class Learner(Record):
    """A learner that is compared. study: a network's whole study; None for others."""

    name: str
    settings: str
    study: Annotated[Study | None, BeforeValidator(lambda value: value or None)] = None  # empty in earlier versions


class Result(Record):
    """A learner in a fold: the places, among all samples, of those of its `count` test samples that it got wrong.

    failure: why its training counts as one that failed.
    """

    learner: str
    fold: int
    count: int = Field(gt=0)
    wrong: tuple[int, ...]
    train_seconds: float
    test_seconds: float
    chosen: dict[str, int | None]
    failure: str = ""

    @property
    def error(self) -> float:
        """The share of the fold's test samples that it got wrong."""
        return len(self.wrong) / self.count


class Pair(Record):
    """Two learners: how much more the first errs, with the corrected interval and tests; see `statistics.py`.

    No interval where all folds differ alike. p and mcnemar are of this pair alone, p_holm and mcnemar_holm allow for
    all pairs of the comparison.
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
    """Everything: what was asked for, what came out so far, and at the end what follows from it.

    plan: from which the comparison can be resumed; earlier versions did not keep it.
    """

    plan: Annotated[PlanRecord | None, BeforeValidator(lambda value: value or None)] = None
    status: Literal["running", "finished"]
    data: Data
    folds: int
    seed: int
    learners: tuple[Learner, ...]
    results: tuple[Result, ...] = ()
    pairs: tuple[Pair, ...] = ()

    @model_validator(mode="after")
    def _finished_is_complete(self) -> Self:
        done = {(each.learner, each.fold) for each in self.results}
        wanted = {(each.name, fold) for each in self.learners for fold in range(self.folds)}
        if self.status == "finished" and not (wanted <= done and self.pairs):
            raise ValueError("a finished comparison needs its results for every learner and fold, and its pairs")
        names = {each.name for each in self.learners}
        if unknown := {name for pair in self.pairs for name in (pair.first, pair.second)} - names:
            raise ValueError(f"pairs has {min(unknown)}, which is not among the learners")
        return self

    def has(self, learner: str, fold: int) -> bool:
        """Whether the result of this learner on this fold is there."""
        return any((each.learner, each.fold) == (learner, fold) for each in self.results)

    def of(self, learner: str) -> list[Result]:
        """A learner's results, fold by fold."""
        return sorted((each for each in self.results if each.learner == learner), key=lambda each: each.fold)

    def errors(self, learner: str) -> list[float]:
        """A learner's error in each fold."""
        return [each.error for each in self.of(learner)]

    def wrong(self, learner: str) -> set[int]:
        """The places of all samples that a learner got wrong."""
        return {index for each in self.of(learner) for index in each.wrong}


def read(folder: Path) -> Comparison:
    """The comparison in a folder. Raises CheckpointError where it is missing or damaged."""
    return read_record(Comparison, folder / FILE)


def write(folder: Path, found: Comparison) -> Comparison:
    """Write compare.json, whole or not at all; returns it."""
    write_record(folder / FILE, found)
    return found


def has_result(folder: Path) -> bool:
    """Whether the folder holds a comparison."""
    return (folder / FILE).exists()


def row(folder: Path) -> Row:
    """The learners, the data, how many trainings are done, and which has the lowest error."""
    found = read(folder)
    names = [each.name for each in found.learners]
    if found.status == "running":
        status, result = f"{len(found.results)} of {counted(found.folds * len(names), 'training')}", ""
    else:
        means = {name: sum(found.errors(name)) / found.folds for name in names}
        least = min(names, key=lambda name: means[name])
        status, result = "finished", f"lowest error: {least}, {percent(means[least])}"
    return Row(" against ".join((names[0], ", ".join(names[1:]))), found.data.title, status, result)


def refuse_another(folder: Path, own: Comparison, asked: Comparison) -> None:
    """Raises BackhandError where anything but its results tells the folder's own from what is asked for.

    The notes on the data follow from the data, and an earlier version kept none.
    """
    onward = "ask for the same to go on with it, or choose another --out"
    learners = {each.name: each for each in own.learners}
    for each in asked.learners:
        before = learners.get(each.name)
        if before is not None and before.study and each.study:
            differs = difference(settings(before.study), settings(each.study), decided=False)
            if differs is not None:
                raise BackhandError(
                    f"{folder} holds a comparison with another network {each.name}: {differs}; {onward}"
                )
            learners[each.name] = each
    data = own.data.model_copy(update={"notes": asked.data.notes})
    own = own.model_copy(update={"data": data, "learners": tuple(learners.values())})
    for key in Comparison.model_fields:
        if key not in RESULTS and getattr(own, key) != getattr(asked, key):
            raise BackhandError(f"{folder} holds a comparison with other {key} than is asked for; {onward}")
