"""The trials of a search: trainings that are compared on validation data, and stopped where others do better."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite

from backhand.errors import BackhandError, StudyError
from backhand.experiments.build import Feeds
from backhand.experiments.trainer import Trainer, data_of, train
from backhand.files.paths import PathLike
from backhand.study import Study
from backhand.training.callbacks import Callback
from backhand.training.history import Record
from backhand.training.metrics import metric, words
from backhand.training.solver import Solver

PRUNED = "others do better by then"


@dataclass(frozen=True)
class Outcome:
    """How a trial ended. value: that of its best epoch; None if it failed.   reason: why it was stopped, or failed."""

    value: float | None
    epoch: int
    seconds: float
    parameters: int
    curve: tuple[Record, ...] = ()
    reason: str = ""

    @property
    def pruned(self) -> bool:
        """Whether the trial was stopped because other trials do better."""
        return self.reason == PRUNED


@dataclass(eq=False)
class TrialMonitor(Callback):
    """Records the best value of the history's column `monitor`, and stops the training where `goes_on` is False.

    An epoch whose value is not finite is never the best, and `goes_on` is not called for it.
    """

    monitor: str
    goes_on: Callable[[int, float], bool]
    best: float | None = None
    epoch: int = 0

    def on_epoch_end(self, solver: Solver) -> None:
        """Record the value of this epoch if it is the best, and stop the training if it is to be pruned."""
        value = solver.history[-1][self.monitor]
        if not isfinite(value):
            return
        if metric(self.monitor).better(value, self.best):
            self.best, self.epoch = value, solver.epoch
        if not self.goes_on(solver.epoch, value) and solver.epoch < solver.epochs:
            solver.stopped = PRUNED


def train_trials(
    studies: Sequence[Study], data_dir: PathLike | None, monitors: Sequence[TrialMonitor]
) -> list[Outcome]:
    """Train each study. Values that no study can have are an outcome, not an error. Several studies must be `alike`."""
    start = time.perf_counter()
    try:
        trainers = train(studies, data_of(studies[0], data_dir), monitors)
        return [_outcome(trainer, monitor) for trainer, monitor in zip(trainers, monitors, strict=True)]
    except BackhandError as error:
        if len(studies) > 1:  # perhaps only one of them is impossible
            pairs = zip(studies, monitors, strict=True)
            return [outcome for study, monitor in pairs for outcome in train_trials([study], data_dir, [monitor])]
        return [Outcome(None, 0, time.perf_counter() - start, 0, (), str(error))]


def _outcome(trainer: Trainer, monitor: TrialMonitor) -> Outcome:
    solver, size = trainer.solver, trainer.solver.model.parameters.values.size
    curve = tuple(solver.history)
    if trainer.error is not None:
        return Outcome(None, 0, trainer.seconds, size, curve, f"diverged: {trainer.error}")
    if monitor.best is None:
        return Outcome(None, 0, trainer.seconds, size, curve, f"no epoch with a finite {words(monitor.monitor)}")
    reason = solver.stopped if solver.stopped == PRUNED else ""
    return Outcome(monitor.best, monitor.epoch, trainer.seconds, size, curve, reason)


def data_with_validation(study: Study, data_dir: PathLike | None) -> Feeds:
    """Load the data of a study. Raises StudyError where they have no validation split."""
    feeds = data_of(study, data_dir)
    if feeds.validation is None:
        raise StudyError("a search chooses on validation data, and data.validation is 0; give it a share")
    return feeds
