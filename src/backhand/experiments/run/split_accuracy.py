"""The accuracy on samples that validation alone does not tell apart."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from backhand.data.feed import BatchSource
from backhand.training.callbacks import Callback
from backhand.training.evaluate import evaluate
from backhand.training.solver import Solver


@dataclass(eq=False)
class SplitAccuracy(Callback):
    """Measures the accuracy on each feed after each epoch, as NAME_accuracy in the history."""

    feeds: Mapping[str, BatchSource] = field(default_factory=dict)

    def on_epoch_end(self, solver: Solver) -> None:
        """Measure, and put it down in the epoch's record, with the time that it took."""
        record, begin = solver.history[-1], time.perf_counter()
        for name, feed in self.feeds.items():
            record[f"{name}_accuracy"] = evaluate(solver.model, solver.loss, feed).accuracy
        if self.feeds:
            seconds = time.perf_counter() - begin
            record |= {key: record[key] + seconds for key in ("seconds", "elapsed")}
