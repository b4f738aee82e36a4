"""Limits of a training: a number of steps, or a time."""

from dataclasses import dataclass, field

from backhand.errors import BackhandError
from backhand.training.callback import Callback
from backhand.training.solver import Solver


@dataclass(eq=False)
class Limit(Callback):
    """Ends the fit after a number of steps, or after a time, whichever comes first; None for no limit.

    steps: counted from the first step of all. seconds: of training, without saving, including those before a resume.
    The epoch in which a limit is reached is recorded with the steps that it has had. Raises BackhandError for fewer
    than 1 step, and for a time that is not above 0.
    """

    steps: int | None = None
    seconds: float | None = None
    key: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if self.steps is not None and self.steps < 1:
            raise BackhandError(f"the limit must be 1 step or more, not {self.steps}")
        if self.seconds is not None and not self.seconds > 0:
            raise BackhandError(f"the limit must be a time above 0 seconds, not {self.seconds}")

    def on_step_end(self, solver: Solver) -> None:
        """Stop the fit where a limit is reached."""
        if self.steps is not None and solver.step >= self.steps:
            solver.stopped = f"the limit of {self.steps:,} steps"
        elif self.seconds is not None and self._trained(solver) >= self.seconds:
            solver.stopped = f"the limit of {self.seconds:g} s"

    def _trained(self, solver: Solver) -> float:
        running = 0.0 if solver.epoch_totals is None else solver.epoch_totals.elapsed
        return solver.elapsed + running
