"""The accuracy on several sets of samples after each epoch, such as the old and the new classes of an extension."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from backhand.data.feed import BatchSource
from backhand.training.callbacks import Callback
from backhand.training.evaluate import evaluate
from backhand.training.solver import Solver


@dataclass(eq=False)
class SplitAccuracy(Callback):
    """Measures the accuracy on each feed after each epoch, and records it as NAME_accuracy in the history."""

    feeds: Mapping[str, BatchSource] = field(default_factory=dict)

    def on_epoch_end(self, solver: Solver) -> None:
        """Measure the accuracies, and add them and the time that this takes to the record of the epoch."""
        record, start = solver.history[-1], time.perf_counter()
        for name, feed in self.feeds.items():
            record[f"{name}_accuracy"] = evaluate(solver.model, solver.loss, feed).accuracy
        if self.feeds:
            seconds = time.perf_counter() - start
            record |= {key: record[key] + seconds for key in ("seconds", "elapsed")}
