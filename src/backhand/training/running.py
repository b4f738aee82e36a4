"""An epoch so far: what a state that is saved amid it must hold."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from backhand.arrays import Array, Labels


@dataclass
class Running:
    """Sums over the batches of an epoch so far, whose figures are those of training mode.

    order: the state of the random stream before it drew the order of the samples. seconds: spent on the epoch before
    it was resumed.
    """

    order: Mapping[str, Any]
    seconds: float = 0.0
    steps: int = 0
    samples: int = 0
    loss: float = 0.0
    right: int = 0
    norms: float = 0.0

    def __post_init__(self) -> None:
        self.go_on()

    def go_on(self) -> None:
        """Set the clock of the epoch to where it stood."""
        self._begin = time.perf_counter() - self.seconds

    def halt(self) -> None:
        """Stop the clock of the epoch."""
        self.seconds = self.elapsed

    def leave_out(self, seconds: float) -> None:
        """Time that was not spent on training."""
        self._begin += seconds

    @property
    def elapsed(self) -> float:
        """Seconds of the epoch so far."""
        return time.perf_counter() - self._begin

    def add(self, predictions: Labels, labels: Labels | Array, loss: float, gradient_norm: float) -> None:
        """Count a batch. Where images are mixed, right is the class that has the largest share."""
        classes = labels if labels.ndim == 1 else labels.argmax(1)
        self.steps += 1
        self.samples += len(labels)
        self.loss += loss * len(labels)
        self.right += int((predictions == classes).sum())
        self.norms += gradient_norm

    def figures(self) -> dict[str, float]:
        """The mean loss, the accuracy and the error."""
        accuracy = self.right / self.samples
        return {"loss": self.loss / self.samples, "accuracy": accuracy, "error": 1 - accuracy}

    def state(self) -> dict[str, Any]:
        """All fields as they are now: the arguments from which it is built again."""
        return asdict(self) | {"seconds": self.elapsed}
