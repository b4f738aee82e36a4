"""What happens around the training loop: saved state, the divergence guard, and early stopping."""

from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from backhand import checkpoint, jsontext
from backhand.arrays import Array
from backhand.divergence import diagnose
from backhand.early_stopping import EarlyStopping
from backhand.errors import DivergenceError
from backhand.files import write_atomic
from backhand.paths import PathLike, as_path
from backhand.solver import Callback, Record, Solver

__all__ = ["Checkpoint", "DivergenceGuard", "EarlyStopping", "write_history"]


@dataclass(eq=False)
class Checkpoint(Callback):
    """After each epoch: the state to resume from (two generations), the history, and the best weights if new.

    Put it after `EarlyStopping`, whose choice it saves: its best epoch, or the latest where it does not restore the
    best. `origin` says in the state what it was trained with. `arrays` and `facts` go into best.safetensors
    beside the weights: what a prediction needs besides the model.
    """

    folder: PathLike
    early_stopping: EarlyStopping
    origin: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, Array] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    def on_epoch_end(self, solver: Solver) -> None:
        """Save. The state goes last: whatever it promises is on disk before it."""
        choice, folder = self.early_stopping, as_path(self.folder)
        if choice.best_epoch == solver.epoch or not choice.restore_best:
            weights = {f"model.{name}": value for name, value in solver.model.arrays().items()}
            facts = self.facts | {"epoch": solver.epoch, choice.monitor: solver.history[-1][choice.monitor]}
            checkpoint.save(folder / "best.safetensors", weights | self.arrays, facts)
        write_history(folder, solver.history)
        arrays, facts = solver.state()
        checkpoint.save_generation(folder / "state.safetensors", arrays, facts | {"origin": self.origin})


@dataclass(eq=False)
class DivergenceGuard(Callback):
    """Stops with DivergenceError when the loss is not finite, or `factor` times the first one (or 1, if larger)."""

    factor: float = 1e3
    limit: float = 0.0

    def on_loss(self, solver: Solver) -> None:
        """Look at the batch's loss before it moves anything."""
        loss = solver.batch_loss
        if not self.limit and isfinite(loss):
            self.limit = self.factor * max(loss, 1.0)
        if not isfinite(loss) or loss > self.limit:
            raise DivergenceError(diagnose(solver))

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """The limit."""
        return {}, {"limit": self.limit}

    def load(self, arrays: dict[str, Array], facts: dict[str, Any]) -> None:
        """Take over a saved `state()`."""
        self.limit = facts["limit"]


def write_history(folder: PathLike, history: list[Record]) -> None:
    """history.jsonl: one record a line; a number that is not finite is null."""
    write_atomic(as_path(folder) / "history.jsonl", "".join(f"{jsontext.dumps(record)}\n" for record in history))
