"""What an epoch has come to so far: its sums over the batches and its clock, which a state saved within it holds."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from backhand.arrays import Array, Labels


@dataclass
class EpochTotals:
    """Sums over the batches of an epoch so far. Its figures are those of training mode, before each batch's update.

    order: the state of the random stream before it drew the order of the samples. seconds: spent on the epoch before
    it was resumed. loss: summed over the samples. right: the samples classified correctly. norms: the sum of the
    gradients' norms. A saved state holds the fields by these names.
    """

    order: Mapping[str, Any]
    seconds: float = 0.0
    steps: int = 0
    samples: int = 0
    loss: float = 0.0
    right: int = 0
    norms: float = 0.0

    def __post_init__(self) -> None:
        self.start_clock()

    def start_clock(self) -> None:
        """Let the clock run on from the seconds that it showed when it was stopped."""
        self._zero = time.perf_counter() - self.seconds

    def stop_clock(self) -> None:
        """Keep the seconds that the clock shows until it is started again."""
        self.seconds = self.elapsed

    def exclude(self, seconds: float) -> None:
        """Leave time out of the epoch that was not spent on training."""
        self._zero += seconds

    @property
    def elapsed(self) -> float:
        """Seconds of training in this epoch so far."""
        return time.perf_counter() - self._zero

    def add(self, predictions: Labels, labels: Labels | Array, loss: float, gradient_norm: float) -> None:
        """Count a batch. The right class of a mixed image is the one with the largest share."""
        classes = labels if labels.ndim == 1 else labels.argmax(1)
        self.steps += 1
        self.samples += len(labels)
        self.loss += loss * len(labels)
        self.right += int((predictions == classes).sum())
        self.norms += gradient_norm

    def figures(self) -> dict[str, float]:
        """The mean loss, the accuracy, and the error, which is 1 - accuracy."""
        accuracy = self.right / self.samples
        return {"loss": self.loss / self.samples, "accuracy": accuracy, "error": 1 - accuracy}

    def state(self) -> dict[str, Any]:
        """All fields as they are now: the arguments that build an equal object."""
        return asdict(self) | {"seconds": self.elapsed}
