"""What a learner is, and the outcome of its training in a fold."""

from dataclasses import dataclass
from typing import Protocol

from backhand.arrays import Array, Labels
from backhand.data.dataset import Splits


@dataclass(frozen=True)
class Outcome:
    """What a learner predicts for the test samples of a fold, and how it was trained.

    predictions: classes (N,), or the targets (N, T) of a regression.   train_seconds, test_seconds: wall-clock time.
    chosen: what the training chose, by name.   failure: why the training counts as failed although it came to its end;
    "" if it does not.
    """

    predictions: Labels | Array
    train_seconds: float
    test_seconds: float
    chosen: dict[str, int | None]
    failure: str = ""


class Learner(Protocol):
    """Anything that can be trained on one split and predict another."""

    @property
    def name(self) -> str:
        """A short name that is unique in a comparison."""

    @property
    def settings(self) -> str:
        """A description of the learner and its settings, for the report."""

    def train_and_predict(self, splits: Splits) -> Outcome:
        """Train on splits.train alone, and predict splits.test."""
