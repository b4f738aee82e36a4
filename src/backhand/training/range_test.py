"""The learning-rate range test: the rate rises a little with each step, which shows at which rates the loss falls and
at which it diverges.

The test trains on the same few batches again and again. The loss of a model that memorises them shows the effect of a
rate within some fifty steps. On ever new batches, the loss of hard data would hardly fall in so short a time, and the
lowest loss would be that of the easiest batch. Source: Smith 2017, arXiv:1506.01186; the few batches are our own.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from backhand.arrays import Array
from backhand.data.feed import TrainingSource
from backhand.errors import BackhandError
from backhand.training.solver import Solver

BATCHES = 4  # the number of batches that the test trains on, in turn
SMOOTHING = 0.9  # of the exponential average over the changes of the batches' losses
DIVERGED = 4.0  # the test ends at this multiple of the lowest smoothed loss
FALLEN = 0.95  # below this multiple of the first round's loss, the loss counts as fallen
MARGIN = 10.0  # the suggested rate is the rate of the lowest loss divided by this


class RatesTooHighError(BackhandError):
    """A range test whose loss diverged at its first rates."""


@dataclass(frozen=True)
class RangeTest:
    """The rate of each step, the loss of its batch before the step, and the smoothed loss; all (steps,).

    smoothed: the mean loss of the first round, plus an exponential average over the changes of the batches' losses,
    each since that batch's own first loss. So it does not jump between easy and hard batches.
    """

    lr: Array
    loss: Array
    smoothed: Array

    @property
    def lowest(self) -> float:
        """The rate at which the smoothed loss was lowest, just below the edge of stability."""
        return float(self.lr[self.smoothed.argmin()])

    @property
    def suggestion(self) -> float:
        """A rate that learns quickly at a safe distance from that edge: a tenth of `lowest`."""
        return self.lowest / MARGIN

    @property
    def halfway(self) -> float:
        """The first rate at which the smoothed loss was halfway between that of the first round and the lowest."""
        return float(self.lr[np.argmax(self.smoothed <= (self.smoothed[0] + self.smoothed.min()) / 2)])

    @property
    def learned(self) -> bool:
        """Whether the loss fell clearly at any rate; if not, the suggestion is worthless."""
        return bool(self.smoothed.min() < FALLEN * self.smoothed[0])

    def as_json(self) -> dict[str, list[float]]:
        """The arrays as lists, for a JSON file; `RangeTest` takes them as arrays by the same names."""
        return {key: getattr(self, key).tolist() for key in ("lr", "loss", "smoothed")}


def range_test(
    solver: Solver, train: TrainingSource, *, low: float = 1e-6, high: float = 10.0, steps: int = 200
) -> RangeTest:
    """Train for at most `steps` batches, at a rate that grows from low to high by the same factor in each step.

    The batches are drawn once and then repeated. The solver's model cannot be used afterwards. The test ends early once
    the smoothed loss is 4 times its lowest value, or not finite.
    Raises BackhandError unless 0 < low < high and steps is 10 or more, and where the first loss is not finite;
    RatesTooHighError where the loss diverged within 10 steps.
    """
    if not 0 < low < high or steps < 10:
        raise BackhandError(
            f"a range test needs 0 < low < high and 10 or more steps, not low = {low}, high = {high} and {steps} steps"
        )
    solver.model.check_batch(min(solver.batch_size, len(train)))
    solver.schedule = None
    rates = np.geomspace(low, high, steps)
    draws = (train.draw(index, solver.streams.augment) for index in itertools.islice(solver.batches(train), BATCHES))
    batches = [tuple(map(np.array, drawn)) for drawn in draws]  # a feed may use the memory of a batch again
    losses: list[float] = []
    changes: list[float] = []
    average = 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        for i, rate in enumerate(rates):
            solver.optimizer.lr = float(rate)
            solver.train_step(*batches[i % len(batches)])
            losses.append(solver.batch_loss)
            first_round = float(np.mean(losses[: len(batches)]))
            average = SMOOTHING * average + (1 - SMOOTHING) * (losses[i] - losses[i % len(batches)])
            changes.append(average / (1 - SMOOTHING ** (i + 1)))
            if not i and not np.isfinite(changes[0]):
                raise BackhandError(
                    f"the loss of the first batch is {solver.batch_loss} before any step; look for values in the data "
                    f"that are not finite or far too large"
                )
            if not np.isfinite(changes[i]) or first_round + changes[i] > DIVERGED * (first_round + min(changes)):
                del losses[i:], changes[i:]
                break
    if len(losses) < 10:
        raise RatesTooHighError(f"the loss diverged within {len(losses)} steps at rates from {low:g}")
    return RangeTest(rates[: len(losses)], np.array(losses), first_round + np.array(changes))
