"""The form of a comparison's compare.json."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from backhand.experiments.run.forms import Count, Record, Share
from backhand.experiments.run.saved import valid_json

FILE = "compare.json"


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
        """How many there are in all."""
        return sum(self.counts)


class Learner(Record):
    """One of those compared. study: a network's whole study, else empty."""

    name: str
    settings: str
    study: dict[str, Any]


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
    """Two learners: how much more the first errs, with the corrected interval and tests; see compare/statistics.py.

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


class Comparison(Record):
    """Everything: what was asked for, what came out so far, and at the end what follows from it."""

    status: Literal["running", "finished"]
    data: Data
    folds: int
    seed: int
    learners: tuple[Learner, ...]
    results: tuple[Result, ...] = ()
    pairs: tuple[Pair, ...] = ()

    def has(self, learner: str, fold: int) -> bool:
        """Whether this result is there."""
        return any((each.learner, each.fold) == (learner, fold) for each in self.results)

    def of(self, learner: str) -> list[Result]:
        """A learner's results, fold by fold."""
        return sorted((each for each in self.results if each.learner == learner), key=lambda each: each.fold)

    def errors(self, learner: str) -> list[float]:
        """A learner's error in each fold."""
        return [each.error for each in self.of(learner)]

    def wrong(self, learner: str) -> set[int]:
        """The places of all samples that a learner got wrong."""
        return {place for each in self.of(learner) for place in each.wrong}


def read(folder: Path) -> Comparison:
    """The comparison in a folder. Raises CheckpointError where it is missing or damaged."""
    return valid_json(Comparison, folder / FILE)
