"""The learning-rate range test: raise the rate a little each step, and see where the loss falls and where it blows up.

The test trains on the same few batches again and again. What a rate does to a loss that memorises shows within some
fifty steps; on ever new batches, hard data barely move in so short a time, and the lowest loss is that of the easiest
batch. Source: Smith 2017, arXiv:1506.01186; the few batches are ours.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from backhand import backend
from backhand.arrays import Array
from backhand.data.feed import TrainSource
from backhand.errors import BackhandError
from backhand.training.solver import Solver

BATCHES = 4  # that the test trains on, in turn
SMOOTHING = 0.9  # of the exponential average over the changes of the batches' losses
BLOWN = 4.0  # times the lowest smoothed loss: the test ends there
FALLEN = 0.95  # times the loss of the first round: below it the loss has fallen
MARGIN = 10.0  # the suggestion lies this factor below the rate of the lowest loss


class RatesTooHighError(BackhandError):
    """A range test whose loss blew up at its first rates."""


@dataclass(frozen=True)
class RangeTest:
    """The rate of each step, the loss of its batch before the step, and the same smoothed; all (steps,).

    smoothed: the mean loss of the first round, plus the average change of late, each batch's since its own first loss.
    That some batches are harder than others, as with classes of unequal weight, is no change.
    """

    lr: Array
    loss: Array
    smoothed: Array

    @property
    def lowest(self) -> float:
        """The rate at which the smoothed loss was lowest: just below the edge of stability."""
        return float(self.lr[self.smoothed.argmin()])

    @property
    def suggestion(self) -> float:
        """A rate that learns quickly and keeps clear of that edge: a tenth of `lowest`."""
        return self.lowest / MARGIN

    @property
    def halfway(self) -> float:
        """The rate at which the smoothed loss had first come half of its way down, from that of the first round."""
        return float(self.lr[np.argmax(self.smoothed <= (self.smoothed[0] + self.smoothed.min()) / 2)])

    @property
    def learned(self) -> bool:
        """Whether the loss fell clearly at any rate; if not, the suggestion says nothing."""
        return bool(self.smoothed.min() < FALLEN * self.smoothed[0])

    def as_json(self) -> dict[str, list[float]]:
        """For a file; `RangeTest(**arrays)` is the way back."""
        return {key: getattr(self, key).tolist() for key in ("lr", "loss", "smoothed")}


def range_test(
    solver: Solver, train: TrainSource, *, low: float = 1e-6, high: float = 10.0, steps: int = 200
) -> RangeTest:
    """Train for at most `steps` batches, the rate growing by the same factor each, from low to high.

    The batches are drawn once, and then repeat. The solver's model is used up. Ends early once the smoothed loss is 4
    times its lowest, or no longer finite.
    Raises BackhandError when low, high or steps make no range, RatesTooHighError when the loss blew up at once.
    """
    if not 0 < low < high or steps < 10:
        raise BackhandError(f"a range test needs 0 < low < high and at least 10 steps, not {low}, {high} and {steps}")
    solver.model.check_batch(min(solver.batch_size, len(train)))
    solver.schedule = None
    rates = np.geomspace(low, high, steps)
    draws = (train.draw(index, solver.augment_rng) for index in itertools.islice(solver.batches(train), BATCHES))
    batches = [(np.array(x), np.array(y)) for x, y in draws]  # a feed may use the memory of a batch again
    losses: list[float] = []
    changes: list[float] = []
    average = 0.0
    with np.errstate(over="ignore", invalid="ignore"), backend.threads_for(solver.work(train)):
        for i, rate in enumerate(rates):
            solver.optimizer.lr = float(rate)
            solver.train_step(*batches[i % len(batches)])
            losses.append(solver.batch_loss)
            start = float(np.mean(losses[: len(batches)]))
            average = SMOOTHING * average + (1 - SMOOTHING) * (losses[i] - losses[i % len(batches)])
            changes.append(average / (1 - SMOOTHING ** (i + 1)))
            if not i and not np.isfinite(changes[0]):
                raise BackhandError(
                    f"the loss of the first batch is {solver.batch_loss}, before any step: look for values in the data "
                    f"that are not finite or far too large"
                )
            if not np.isfinite(changes[i]) or start + changes[i] > BLOWN * (start + min(changes)):
                del losses[i:], changes[i:]
                break
    if len(losses) < 10:
        raise RatesTooHighError(f"the loss blew up within {len(losses)} steps at rates from {low:g}")
    return RangeTest(rates[: len(losses)], np.array(losses), start + np.array(changes))
