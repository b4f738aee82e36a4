"""Early stopping: the weights of the best epoch, and an end where no better one comes."""

from dataclasses import dataclass, field
from typing import Any

from backhand.arrays import Array
from backhand.errors import BackhandError
from backhand.solver import Callback, Solver


@dataclass(eq=False)
class EarlyStopping(Callback):
    """Remembers the weights of the best epoch; stops after `patience` epochs without a better one (None: never).

    monitor: a key of the history's records; one that ends in "accuracy" is better when higher, others when lower.
    restore_best: give the model the best epoch's weights when the fit ends.
    """

    patience: int | None = None
    monitor: str = "validation_loss"
    restore_best: bool = True
    best: float | None = None
    best_epoch: int = 0
    weights: dict[str, Array] = field(default_factory=dict)

    def on_epoch_end(self, solver: Solver) -> None:
        """Compare the epoch with the best one."""
        record = solver.history[-1]
        if self.monitor not in record:
            raise BackhandError(
                f"early stopping watches {self.monitor}, and the history has {', '.join(record)}; "
                "watch one of these, or give fit a validation set"
            )
        value = record[self.monitor]
        sign = -1 if self.monitor.endswith("accuracy") else 1
        if self.best is None or sign * value < sign * self.best:
            self.best, self.best_epoch, self.weights = value, solver.epoch, solver.model.snapshot()
        elif self.patience is not None and solver.epoch - self.best_epoch >= self.patience:
            what = self.monitor.replace("_", " ")
            solver.stopped = f"early stopping: no better {what} for {self.patience} epochs"

    def on_fit_end(self, solver: Solver) -> None:
        """Restore the best weights."""
        if self.restore_best and self.weights:
            solver.model.load(self.weights)

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """The best weights, value and epoch."""
        return self.weights, {"best": self.best, "best_epoch": self.best_epoch}

    def load(self, arrays: dict[str, Array], facts: dict[str, Any]) -> None:
        """Take over a saved `state()`."""
        self.weights, self.best, self.best_epoch = arrays, facts["best"], facts["best_epoch"]
