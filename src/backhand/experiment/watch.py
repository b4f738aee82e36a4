"""The accuracy on samples that validation alone does not tell apart."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from backhand.data.feed import BatchSource
from backhand.evaluate import evaluate
from backhand.solver import Callback, Solver


@dataclass(eq=False)
class Watch(Callback):
    """Measures the accuracy on each feed after each epoch, as NAME_accuracy in the history."""

    feeds: Mapping[str, BatchSource] = field(default_factory=dict)

    def on_epoch_end(self, solver: Solver) -> None:
        """Measure, and put it down in the epoch's record."""
        for name, feed in self.feeds.items():
            solver.history[-1][f"{name}_accuracy"] = evaluate(solver.model, solver.loss, feed).accuracy
