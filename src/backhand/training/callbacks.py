"""What happens around the training loop: saved state, the divergence guard, and early stopping."""

from dataclasses import dataclass
from math import isfinite
from typing import Any

from backhand.arrays import Array
from backhand.errors import DivergenceError
from backhand.training.divergence import diagnose
from backhand.training.early_stopping import EarlyStopping
from backhand.training.saving import Checkpoint
from backhand.training.solver import Callback, Solver

__all__ = ["Checkpoint", "DivergenceGuard", "EarlyStopping"]


@dataclass(eq=False)
class DivergenceGuard(Callback):
    """Stops with DivergenceError when the loss is not finite, or `factor` times the first one (or 1, if larger)."""

    factor: float = 1e3
    limit: float = 0.0

    def __post_init__(self) -> None:
        self._first = self.limit

    def reset(self) -> None:
        """The limit is the given one, or follows from the first loss."""
        self.limit = self._first

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
