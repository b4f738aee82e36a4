"""The learning rate and the momentum of each step, as their schedules give them."""

from dataclasses import dataclass
from typing import Any

from backhand.training.optimizers import Optimizer
from backhand.training.schedules import Schedule


@dataclass(frozen=True)
class Rates:
    """The schedule of the learning rate and that of the momentum; None leaves the optimiser's own value alone."""

    lr: Schedule | None
    momentum: Schedule | None

    def apply(self, optimizer: Optimizer, step: int) -> None:
        """Set the optimiser's learning rate and momentum to their values in this step, counted from 0."""
        if self.lr is not None:
            optimizer.lr = self.lr(step)
        if self.momentum is not None:
            optimizer.momentum = self.momentum(step)

    def observe(self, loss: float) -> None:
        """Show the schedules the loss of an epoch."""
        for schedule in filter(None, (self.lr, self.momentum)):
            schedule.observe(loss)

    def reset(self) -> None:
        """Let the schedules forget what they observed in an earlier training."""
        for schedule in filter(None, (self.lr, self.momentum)):
            schedule.reset()

    def states(self) -> list[dict[str, Any]]:
        """The states of both schedules, as a saved file holds them; empty for one that is None."""
        return [schedule.state() if schedule else {} for schedule in (self.lr, self.momentum)]

    def load(self, states: list[dict[str, Any]]) -> None:
        """Give the schedules their saved states."""
        for schedule, state in zip((self.lr, self.momentum), states, strict=True):
            if schedule is not None:
                schedule.load(state)
