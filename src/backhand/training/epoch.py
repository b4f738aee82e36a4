"""What an epoch has come to so far: its sums over the batches and its clock, which a state saved within it holds."""

import time
from collections.abc import Mapping, Sequence
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
        self._agreed: float | None = None

    def agree(self, elapsed: float) -> None:
        """Let the clock show this number of seconds until the next call: what all processes agree on."""
        self._agreed = elapsed

    def stop_clock(self) -> None:
        """Keep the seconds that the clock shows until it is started again."""
        self.seconds, self._start, self._agreed = self.running, time.perf_counter(), None

    def exclude(self, seconds: float) -> None:
        """Leave time out of the epoch that was not spent on training."""
        self._start += seconds

    @property
    def elapsed(self) -> float:
        """Seconds of training in this epoch so far; where processes train together, what they last agreed on."""
        return self.running if self._agreed is None else self._agreed

    @property
    def running(self) -> float:
        """Seconds of training in this epoch so far, by the clock of this process."""
        return self.seconds + (time.perf_counter() - self._start) / self._trainings

    def add(self, predictions: Array, labels: Labels | Array, loss: float, gradient_norm: float) -> None:
        """Count a batch: its predictions and labels as `Measures.add` takes them, its mean loss and gradient's norm."""
        self.measures.add(predictions, labels)
        self._count(len(labels), loss, gradient_norm)

    def merge(self, shares: Sequence[Measures], samples: int, loss: float, gradient_norm: float) -> None:
        """Count a batch that processes share: the measures of their shares, and what `add` takes, of all of it."""
        for measures in shares:
            self.measures.merge(measures)
        self._count(samples, loss, gradient_norm)

    def _count(self, samples: int, loss: float, gradient_norm: float) -> None:
        self.steps += 1
        self.samples += samples
        self.loss += loss * samples
        self.norms += gradient_norm

    def figures(self) -> dict[str, float]:
        """The mean loss, and the figures of the measures."""
        return {"loss": self.loss / self.samples} | self.measures.figures()

    def state(self) -> dict[str, Any]:
        """All that `resumed` needs to go on from here."""
        sums = {name: getattr(self, name) for name in ("order", "steps", "samples", "loss", "norms")}
        return sums | {"seconds": self.running, "measures": self.measures.state()}
