"""One trial: a training that is judged on validation data, and stopped early where others do better."""

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
from backhand.training.metrics import metric, words
from backhand.training.solver import Record, Solver

PRUNED = "others do better by then"


@dataclass(frozen=True)
class Outcome:
    """How a trial ended. value: its best epoch's, or None where it failed; reason: why it was stopped, or failed."""

    value: float | None
    epoch: int
    seconds: float
    parameters: int
    curve: tuple[Record, ...] = ()
    reason: str = ""

    @property
    def pruned(self) -> bool:
        """Whether it was stopped because other trials do better."""
        return self.reason == PRUNED


@dataclass(eq=False)
class TrialJudge(Callback):
    """Keeps the best value of the history's column `monitor`, and stops the training where `goes_on` says so.

    An epoch whose value is not finite is not the best, and nothing is asked of it.
    """

    monitor: str
    goes_on: Callable[[int, float], bool]
    best: float | None = None
    epoch: int = 0

    def on_epoch_end(self, solver: Solver) -> None:
        """Keep the value of this epoch if it is the best, and ask whether to go on."""
        value = solver.history[-1][self.monitor]
        if not isfinite(value):
            return
        if metric(self.monitor).better(value, self.best):
            self.best, self.epoch = value, solver.epoch
        if not self.goes_on(solver.epoch, value) and solver.epoch < solver.epochs:
            solver.stopped = PRUNED


def train_trials(studies: Sequence[Study], data_dir: PathLike | None, judges: Sequence[TrialJudge]) -> list[Outcome]:
    """Train each study; values that make a study impossible are an outcome, not an error. Several must be `alike`."""
    begin = time.perf_counter()
    try:
        trainers = train(studies, data_of(studies[0], data_dir), judges)
        return [_outcome(*each) for each in zip(trainers, judges, strict=True)]
    except BackhandError as error:
        if len(studies) > 1:  # one of them, perhaps
            pairs = zip(studies, judges, strict=True)
            return [outcome for study, judge in pairs for outcome in train_trials([study], data_dir, [judge])]
        return [Outcome(None, 0, time.perf_counter() - begin, 0, (), str(error))]


def _outcome(trainer: Trainer, judge: TrialJudge) -> Outcome:
    solver, size = trainer.solver, trainer.solver.model.parameters.values.size
    curve = tuple(solver.history)
    if trainer.error is not None:
        return Outcome(None, 0, trainer.seconds, size, curve, f"diverged: {trainer.error}")
    if judge.best is None:
        return Outcome(None, 0, trainer.seconds, size, curve, f"no epoch with a finite {words(judge.monitor)}")
    reason = solver.stopped if solver.stopped == PRUNED else ""
    return Outcome(judge.best, judge.epoch, trainer.seconds, size, curve, reason)


def data_with_validation(study: Study, data_dir: PathLike | None) -> Feeds:
    """The data of a study. Raises StudyError where it holds no validation part."""
    found = data_of(study, data_dir)
    if found.validation is None:
        raise StudyError("a search chooses on validation data, and data.validation is 0; give it a share")
    return found
