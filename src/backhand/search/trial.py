"""One trial: a training that is judged on validation data, and stopped early where others do better."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from backhand.callbacks import DivergenceGuard
from backhand.errors import BackhandError, DivergenceError, StudyError
from backhand.experiment.build import Material, build_early_stopping, build_model, build_solver, load_material
from backhand.solver import Callback, Record, Solver
from backhand.study import Study

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
        """Whether it was given up for the others."""
        return self.reason == PRUNED


@dataclass
class Watch(Callback):
    """Keeps the best value of the history's column `monitor`, and stops the training where `goes_on` says so."""

    monitor: str
    goes_on: Callable[[int, float], bool]
    best: float | None = None
    epoch: int = 0

    def on_epoch_end(self, solver: Solver) -> None:
        """Look at the epoch's value."""
        value = solver.history[-1][self.monitor]
        sign = -1 if self.monitor.endswith("accuracy") else 1
        if self.best is None or sign * value < sign * self.best:
            self.best, self.epoch = value, solver.epoch
        if not self.goes_on(solver.epoch, value) and solver.epoch < solver.epochs:
            solver.stopped = PRUNED


@dataclass
class Attempts:
    """Trains studies one after the other; the data of the last one is kept for those that share it."""

    data_dir: Path | None
    _loaded: tuple[object, Material] | None = field(default=None, init=False, repr=False)

    def material(self, study: Study) -> Material:
        """The data, divided and scaled as the study says. Raises StudyError where it holds no validation part."""
        wanted = study.data, study.seed, study.train.test_flips
        if self._loaded is None or self._loaded[0] != wanted:
            self._loaded = wanted, load_material(study, self.data_dir)
        material = self._loaded[1]
        if material.validation is None:
            raise StudyError("a search chooses on validation data, and data.validation is 0; give it a share")
        return material

    def attempt(self, study: Study, monitor: str, goes_on: Callable[[int, float], bool]) -> Outcome:
        """Train; what a study's own values make impossible is an outcome, not an error."""
        begin = time.perf_counter()
        watch, size = Watch(monitor, goes_on), 0
        curve: tuple[Record, ...] = ()
        try:
            material = self.material(study)
            model = build_model(study, material.train.data.x.shape[1:], len(material.splits.classes))
            size = model.parameters.values.size
            solver = build_solver(study, model, material)
            solver.callbacks = [DivergenceGuard(), build_early_stopping(study, material), watch]
            try:
                solver.fit(material.train, material.validation, epochs=study.train.epochs)
            finally:
                curve = tuple(solver.history)
        except DivergenceError as error:
            return Outcome(None, 0, time.perf_counter() - begin, size, curve, f"diverged: {error}")
        except BackhandError as error:
            return Outcome(None, 0, time.perf_counter() - begin, size, curve, str(error))
        reason = solver.stopped if solver.stopped == PRUNED else ""
        return Outcome(watch.best, watch.epoch, time.perf_counter() - begin, size, curve, reason)
