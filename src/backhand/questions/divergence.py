"""The loss falls, then diverges: trainings over a grid of learning rates and batch sizes, and what the solver says."""

from dataclasses import dataclass, field
from typing import Any

from backhand.errors import DivergenceError
from backhand.experiment.build import Material, model_for
from backhand.questions.training import fit
from backhand.solver import Callback, Solver
from backhand.study import Study

KEYS = ("train.batch_size", "train.optimizer.lr")
POINTS = 200  # of a curve, at most


@dataclass
class Losses(Callback):
    """The loss of every batch, before its step."""

    values: list[float] = field(default_factory=list)
    epochs: list[dict[str, float]] = field(default_factory=list)

    def on_loss(self, solver: Solver) -> None:
        """Keep the batch's loss."""
        self.values.append(float(solver.batch_loss))

    def on_epoch_end(self, solver: Solver) -> None:
        """Keep the epoch's record, which a training that breaks off does not return."""
        self.epochs.append(solver.history[-1])


def look(study: Study, material: Material) -> dict[str, Any]:
    """Train; a divergence is what is looked for, and is kept with the solver's sentence.

    steps: batches whose loss was finite and within the guard's limit. curve: [step, loss] of at most 200 of them.
    """
    losses, message = Losses(), ""
    try:
        fit(study, model_for(study, material), material, losses)
    except DivergenceError as error:
        message = str(error)
    values = losses.values[:-1] if message else losses.values
    every = -(-len(values) // POINTS) or 1
    return {
        "message": message,
        "steps": len(values),
        "first": values[0] if values else None,
        "lowest": min(values, default=None),
        "curve": [[step + 1, values[step]] for step in range(0, len(values), every)],
        "validation_accuracy": [record["validation_accuracy"] for record in losses.epochs],
    }
