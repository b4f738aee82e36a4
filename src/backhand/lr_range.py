"""The learning-rate range test: raise the rate a little each step, and see where the loss falls and where it blows up.

Source: Smith 2017, arXiv:1506.01186.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from backhand import backend
from backhand.arrays import Array
from backhand.data.feed import TrainSource
from backhand.errors import BackhandError
from backhand.solver import Solver

SMOOTHING = 0.9  # of the exponential average over the batches' losses
BLOWN = 4.0  # times the lowest smoothed loss: the test ends there
MARGIN = 10.0  # the suggestion lies this factor below the rate of the lowest loss


@dataclass(frozen=True)
class RangeTest:
    """The rate of each step, the loss of its batch before the step, and the same smoothed; all (steps,)."""

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


def range_test(
    solver: Solver, train: TrainSource, *, low: float = 1e-6, high: float = 10.0, steps: int = 200
) -> RangeTest:
    """Train for at most `steps` batches, the rate growing by the same factor each, from low to high.

    The solver's model is used up. Ends early once the smoothed loss is 4 times its lowest, or no longer finite.
    Raises BackhandError when low, high or steps make no range, or when the loss blew up at once.
    """
    if not 0 < low < high or steps < 10:
        raise BackhandError(f"a range test needs 0 < low < high and at least 10 steps, not {low}, {high} and {steps}")
    solver.model.check_batch(min(solver.batch_size, len(train)))
    solver.schedule = None
    rates = np.geomspace(low, high, steps)
    losses: list[float] = []
    smooth: list[float] = []
    average = 0.0
    endless = itertools.chain.from_iterable(solver.batches(train) for _ in itertools.count())
    with np.errstate(over="ignore", invalid="ignore"), backend.threads_for(solver.work(train)):
        for i, (rate, index) in enumerate(zip(rates, endless, strict=False)):
            solver.optimizer.lr = float(rate)
            solver.train_step(*train.draw(index, solver.augment_rng))
            average = SMOOTHING * average + (1 - SMOOTHING) * solver.batch_loss
            smoothed = average / (1 - SMOOTHING ** (i + 1))
            if not losses and not np.isfinite(smoothed):
                raise BackhandError(
                    f"the loss of the first batch is {solver.batch_loss}, before any step: look for values in the data "
                    f"that are not finite or far too large"
                )
            if not np.isfinite(smoothed) or (smooth and smoothed > BLOWN * min(smooth)):
                break
            losses.append(solver.batch_loss)
            smooth.append(smoothed)
    if len(smooth) < 10:
        raise BackhandError(f"the loss blew up within {len(smooth)} steps at rates from {low:g}; choose a lower --low")
    return RangeTest(rates[: len(smooth)], np.array(losses), np.array(smooth))
