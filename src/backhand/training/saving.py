"""What a training leaves on the disk while it goes on, so that a kill at any moment costs seconds at most.

The files of a folder, in the order in which they are written: `best.safetensors`, `history.jsonl`, `state.safetensors`.
Whatever a state promises is on the disk before it. What is newer than the state, the training makes once more, to the
same bits.
"""

import time
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from backhand import checkpoint
from backhand.arrays import Array
from backhand.errors import BackhandError
from backhand.files.names import BEST, STATE
from backhand.files.paths import PathLike, as_path
from backhand.training import history
from backhand.training.early_stopping import EarlyStopping
from backhand.training.history import History
from backhand.training.solver import Callback, Solver

REST = 19  # times as long as saving took, at least, passes before it is done again


class Chosen(NamedTuple):
    """The weights of the epoch that would be kept if the training ended now, and the value that it was chosen by."""

    epoch: int
    weights: dict[str, Array]
    value: float


@dataclass(eq=False)
class Checkpoint(Callback):
    """Saves the state to resume from (two generations), the history, and the best weights, in a folder.

    A line is added to the history after every epoch. The rest is saved once `every` seconds have gone by since the last
    time, within epochs too, and after the last epoch; with 0 after every epoch. It is done more rarely where it would
    take more than a twentieth of the time. `ending` may be set at any moment: what has been trained by then is saved
    after the step at hand, which raises KeyboardInterrupt.

    Put it after `EarlyStopping`, whose choice it saves: its best epoch, or the latest where it does not restore the
    best. `origin` says in the state what it was trained with. `arrays` and `facts` go into best.safetensors
    beside the weights: what a prediction needs besides the model. Raises BackhandError for `every` below 0.
    """

    folder: PathLike
    early_stopping: EarlyStopping
    origin: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, Array] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    every: float = 30.0

    def __post_init__(self) -> None:
        if not self.every >= 0:
            raise BackhandError(f"a state is saved every 0 seconds or more, not every {self.every}")
        self._folder = as_path(self.folder)
        self._history = History(self._folder)
        self._chosen: Chosen | None = None  # that is not in best.safetensors yet
        self._next = 0.0  # when to save again, by `time.perf_counter`
        self.ending = False

    def on_fit_begin(self, solver: Solver) -> None:
        """Bring history and best weights back to where the solver stands: they may be ahead of its state."""
        with solver.saving():
            self._history.restore(solver.history)
            self._chosen = self._choice(solver) if solver.epoch else None
            self._write_best(solver)
        self._next = time.perf_counter() + self.every

    def on_step_end(self, solver: Solver) -> None:
        """Save, if it is time or the training is to end here."""
        if self.ending or (self.every and time.perf_counter() >= self._next):
            self._save(solver)

    def on_epoch_end(self, solver: Solver) -> None:
        """Add to the history; save, if it is time or the end."""
        with solver.saving():
            self._history.append(solver.history[-1])
        if not self.early_stopping.restore_best or self.early_stopping.best_epoch == solver.epoch:
            self._chosen = self._choice(solver)
        if self.ending or not solver.goes_on or time.perf_counter() >= self._next:
            self._save(solver)

    def on_exception(self, solver: Solver) -> None:
        """What is known so far; the state stays that of the last time, since this may be amid a step."""
        with solver.saving():
            self._write_best(solver)
            self._history.sync()

    def _choice(self, solver: Solver) -> Chosen | None:
        """The epoch to be kept as far as is known; None where none is, or its weights are gone."""
        stopping = self.early_stopping
        if stopping.restore_best:
            return None if stopping.best is None else Chosen(stopping.best_epoch, stopping.weights, stopping.best)
        if solver.running is not None:
            return None
        return Chosen(solver.epoch, solver.model.snapshot(), solver.history[-1][stopping.monitor])

    def _save(self, solver: Solver) -> None:
        begin = time.perf_counter()
        with solver.saving():
            self._write_best(solver)
            self._history.sync()
            arrays, facts = solver.state()
            del facts["history"]  # as lines, which are made but once
            arrays["history"] = np.array(memoryview(self._history.lines))
            checkpoint.save_generation(self._folder / STATE, arrays, facts | {"origin": self.origin})
        end = time.perf_counter()
        self._next = end + max(self.every, REST * (end - begin)) if self.every else end
        if self.ending:
            self.ending = False
            raise KeyboardInterrupt

    def _write_best(self, solver: Solver) -> None:
        if self._chosen is None:
            return
        epoch, weights, value = self._chosen
        arrays = {f"model.{name}": weights[name] for name in solver.model.arrays()}  # in the same order after a resume
        facts = self.facts | {"epoch": epoch, self.early_stopping.monitor: value}
        checkpoint.save(self._folder / BEST, arrays | self.arrays, facts)
        self._chosen = None


def has_state(folder: PathLike) -> bool:
    """Whether there is a state to resume from, whole or not."""
    path = as_path(folder) / STATE
    return path.exists() or checkpoint.previous(path).exists()


def load_state(folder: PathLike) -> tuple[dict[str, Array], dict[str, Any], str]:
    """Arrays and facts for `Solver.load` from the newest readable state, and a warning ("" if the newest was whole).

    Raises CheckpointError where none can be read.
    """
    arrays, facts, warning = checkpoint.load_generation(as_path(folder) / STATE)
    if "history" in arrays:  # earlier versions had it among the facts
        facts["history"] = history.records(arrays.pop("history").tobytes().decode())
    return arrays, facts, warning


def remove_states(folder: PathLike) -> None:
    """Remove all generations of the state."""
    checkpoint.remove_generations(as_path(folder) / STATE)
