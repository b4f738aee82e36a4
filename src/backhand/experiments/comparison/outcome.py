"""What a learner leaves in a fold."""

from dataclasses import dataclass
from typing import Protocol

from backhand.arrays import Labels
from backhand.data.dataset import Splits


@dataclass(frozen=True)
class Outcome:
    """Predictions (N,) for the test samples, seconds of wall-clock time, and what was chosen while training.

    failure: why a training that came to its end counts as one that failed.
    """

    predictions: Labels
    train_seconds: float
    test_seconds: float
    chosen: dict[str, int | None]
    failure: str = ""


class Learner(Protocol):
    """Whatever trains on one part and predicts another. settings: what it is, in words."""

    @property
    def name(self) -> str:
        """A short name, which no other learner of a comparison has."""

    @property
    def settings(self) -> str:
        """What it is and what it was set to, in words."""

    def train_and_predict(self, splits: Splits) -> Outcome:
        """Train on splits.train, and predict splits.test without having looked at it."""
