"""What an epoch has come to so far: its sums over the batches and its clock, which a state saved within it holds."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from backhand.arrays import Array, Labels
from backhand.training.measures import Measures


@dataclass
class EpochTotals:
    """Sums over the batches of an epoch so far. Its figures are those of training mode, before each batch's update.

    order: the state of the random stream before it drew the order of the samples. measures: the sums of what is
    measured besides the loss. seconds: spent on the epoch before it was resumed. loss: summed over the samples. norms:
    the sum of the gradients' norms.
    """

    order: Mapping[str, Any]
    measures: Measures
    seconds: float = 0.0
    steps: int = 0
    samples: int = 0
    loss: float = 0.0
    norms: float = 0.0

    def __post_init__(self) -> None:
        self.start_clock()

    @classmethod
    def resumed(cls, state: Mapping[str, Any], measures: Measures) -> Self:
        """The totals of a saved `state()`, whose sums the measures take over."""
        values = dict(state)
        if "right" in values:  # earlier versions measured the accuracy alone
            values["measures"] = {"samples": values["samples"], "right": values.pop("right")}
        measures.load(values.pop("measures"))
        return cls(measures=measures, **values)

    def start_clock(self, trainings: int = 1) -> None:
        """Let the clock run on from the seconds that it showed when it was stopped.

        trainings: how many there are in step, which share the time evenly.
        """
        self._start, self._trainings = time.perf_counter(), trainings

    def stop_clock(self) -> None:
        """Keep the seconds that the clock shows until it is started again."""
        self.seconds, self._start = self.elapsed, time.perf_counter()

    def exclude(self, seconds: float) -> None:
        """Leave time out of the epoch that was not spent on training."""
        self._start += seconds

    @property
    def elapsed(self) -> float:
        """Seconds of training in this epoch so far."""
        return self.seconds + (time.perf_counter() - self._start) / self._trainings

    def add(self, predictions: Array, labels: Labels | Array, loss: float, gradient_norm: float) -> None:
        """Count a batch: its predictions and labels as `Measures.add` takes them, its mean loss and gradient's norm."""
        self.measures.add(predictions, labels)
        self.steps += 1
        self.samples += len(labels)
        self.loss += loss * len(labels)
        self.norms += gradient_norm

    def figures(self) -> dict[str, float]:
        """The mean loss, and the figures of the measures."""
        return {"loss": self.loss / self.samples} | self.measures.figures()

    def state(self) -> dict[str, Any]:
        """All that `resumed` needs to go on from here."""
        sums = {name: getattr(self, name) for name in ("order", "steps", "samples", "loss", "norms")}
        return sums | {"seconds": self.elapsed, "measures": self.measures.state()}
