"""Early stopping: keeps the weights of the best epoch, and ends a training that no longer improves."""

from dataclasses import dataclass, field
from math import isfinite
from numbers import Real
from typing import Any

from backhand.arrays import Array
from backhand.errors import BackhandError, DivergenceError
from backhand.training.callback import Callback
from backhand.training.metrics import Mode, metric, words
from backhand.training.solver import Solver


@dataclass(eq=False)
class EarlyStopping(Callback):
    """Ends the fit after `patience` epochs without improvement (None: never), with the weights of the best epoch.

    monitor: the key of the history's records to compare by. A value that is not finite is never the best.
    restore_best: keep the best epoch's weights, and give them to the model when the fit ends.
    mode: "max" where a higher value is better, "min" where a lower one is; None: as `training.metrics` knows it.
    min_delta: an improvement is one by more than this; the weights kept are those of the best epoch even so.
    Raises BackhandError for a monitor that `training.metrics` does not know without a mode, and for a `patience` or a
    `min_delta` below 0.
    """

    patience: int | None = None
    monitor: str = "validation_loss"
    restore_best: bool = True
    mode: Mode | None = None
    min_delta: float = 0.0
    key: str | None = None
    best: float | None = field(default=None, init=False)
    best_epoch: int = field(default=0, init=False)
    weights: dict[str, Array] = field(default_factory=dict, init=False, repr=False)
    mark: float | None = field(default=None, init=False)  # the value to be improved on by more than min_delta
    mark_epoch: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.metric = metric(self.monitor, self.mode)
        if not self.min_delta >= 0:
            raise BackhandError(f"min_delta must be 0 or more, not {self.min_delta}")
        if self.patience is not None and self.patience < 0:
            raise BackhandError(f"patience must be 0 or more epochs, not {self.patience}")

    @property
    def default_key(self) -> str:
        """The name of the class with the monitored key."""
        return f"{type(self).__name__}({self.monitor})"

    def on_epoch_end(self, solver: Solver) -> None:
        """Remember an epoch that is the best so far, and stop the fit when patience is exhausted."""
        value = self._value(solver)
        if self.metric.better(value, self.best):
            self.best, self.best_epoch = value, solver.epoch
            self.weights = solver.weights() if self.restore_best else {}
        if self.metric.better(value, self.mark, by=self.min_delta):
            self.mark, self.mark_epoch = value, solver.epoch
        elif self.patience is not None and solver.epoch - self.mark_epoch >= self.patience:
            by = f" by more than {self.min_delta:g}" if self.min_delta else ""
            solver.stopped = f"early stopping: no better {words(self.monitor)}{by} for {self.patience} epochs"

    def _value(self, solver: Solver) -> float:
        record = solver.history[-1]
        if self.monitor not in record:
            raise BackhandError(
                f"early stopping cannot monitor {self.monitor}: the history holds {', '.join(record)}; monitor one of "
                "these, give fit a validation set, or put the callback that measures it before this one"
            )
        value: Any = record[self.monitor]
        if not isinstance(value, Real):
            raise BackhandError(
                f"early stopping cannot monitor {self.monitor}: its value must be a number, not {value!r}"
            )
        return float(value)

    def on_fit_end(self, solver: Solver) -> None:
        """Restore the best weights. Raises DivergenceError where no epoch had a finite value."""
        if not self.restore_best:
            return
        if self.best is not None:
            solver.model.load(self.weights)
        elif solver.history and not any(isfinite(record.get(self.monitor, 0.0)) for record in solver.history):
            message = (
                f"the {words(self.monitor)} was not finite in any of {len(solver.history)} epochs, so no epoch's "
                f"weights can be kept; try a lower learning rate, or look for outliers in the data"
            )
            raise DivergenceError(". ".join([message, *solver.remarks]).removesuffix("."))

    def reset(self) -> None:
        """Forget the best epoch of an earlier training."""
        self.best, self.best_epoch, self.weights, self.mark, self.mark_epoch = None, 0, {}, None, 0

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """The best weights; their value and epoch; the value and epoch from which patience counts."""
        names = "best", "best_epoch", "mark", "mark_epoch"
        return self.weights, {name: getattr(self, name) for name in names}

    def load(self, arrays: dict[str, Array], facts: dict[str, Any]) -> None:
        """Take over a saved `state()`; earlier versions may have kept a value that is not finite as the best."""
        if facts["best"] is None or not isfinite(facts["best"]):
            return
        self.weights, self.best, self.best_epoch = arrays, facts["best"], facts["best_epoch"]
        self.mark, self.mark_epoch = facts.get("mark", self.best), facts.get("mark_epoch", self.best_epoch)
