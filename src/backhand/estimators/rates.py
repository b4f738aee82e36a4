"""The learning rates of scikit-learn's networks, "invscaling" and "adaptive", and what a second fit makes of any."""

from dataclasses import dataclass, field
from typing import Any

from backhand.training.callback import Callback
from backhand.training.metrics import LOSS
from backhand.training.schedules import ReduceOnPlateau, Schedule

LEAST = 1e-6  # the rate at which "adaptive" ends, as in scikit-learn


@dataclass
class InverseScaling(Schedule):
    """The rate falls with a power of the number of samples seen, at the end of each epoch.

        lr / (t + 1)^power        t = samples · (epochs done)

    per_epoch: the steps of an epoch. Source: scikit-learn, `MLPClassifier(learning_rate="invscaling")`.
    """

    power: float
    per_epoch: int
    samples: int

    def __call__(self, step: int) -> float:
        """The rate in this step."""
        return self.value / (step // self.per_epoch * self.samples + 1) ** self.power


@dataclass
class Adaptive(ReduceOnPlateau):
    """The rate falls by `factor` whenever the loss has not improved for more than `patience` epochs.

    tol: an improvement is one by more than this. spent: whether it has not improved at a rate of 1e-6 or less either.
    Source: scikit-learn, `MLPClassifier(learning_rate="adaptive")`.
    """

    tol: float = 0.0
    spent: bool = field(init=False, default=False)

    def observe(self, metric: float) -> None:
        """Count the epochs without improvement."""
        if LOSS.better(metric, self.best, by=self.tol):
            self.best, self.waited = metric, 0
            return
        self.waited += 1
        if self.waited > self.patience:
            self.spent = self(0) <= LEAST
            self.reductions, self.waited = self.reductions + (not self.spent), 0


class EndOfRate(Callback):
    """Ends a fit whose `Adaptive` rate is spent."""

    def on_epoch_end(self, solver: Any) -> None:
        """Stop the fit where the loss no longer improves at the least rate."""
        if isinstance(solver.schedule, Adaptive) and solver.schedule.spent:
            solver.stopped = f"the training loss stood still at a learning rate of {solver.optimizer.lr:.2g}"


@dataclass
class Delayed(Schedule):
    """`then` from its own step 0 on, at the step `start`, at which a second fit begins."""

    start: int
    then: Schedule

    def __call__(self, step: int) -> float:
        """The rate in this step."""
        return self.then(step - self.start)

    def observe(self, metric: float) -> None:
        """Pass the loss on to `then`."""
        self.then.observe(metric)
