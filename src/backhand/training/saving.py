"""What a training saves as it runs, so that being killed at any moment costs it seconds at most.

The files of a folder, in the order in which they are written: `best.safetensors`, `history.jsonl`, `state.safetensors`.
Whatever a state refers to is on the disk before the state. A resumed training repeats what came after the state, to
the same bits.
"""

import logging
import time
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from backhand import checkpoint
from backhand.arrays import Array
from backhand.errors import BackhandError
from backhand.files.names import BEST, STATE
from backhand.files.paths import PathLike, as_path
from backhand.training import history_file
from backhand.training.callback import Callback
from backhand.training.early_stopping import EarlyStopping
from backhand.training.history_file import HistoryFile
from backhand.training.solver import Solver

log = logging.getLogger(__name__)
REST = 19  # the next saving waits at least this many times as long as the latest one took


class Chosen(NamedTuple):
    """The weights of the epoch that would be kept if the training ended now, and the monitored value of that epoch."""

    epoch: int
    weights: dict[str, Array]
    value: float


@dataclass(eq=False)
class Checkpoint(Callback):
    """Saves the state to resume from (two generations), the history, and the best weights, in a folder.

    The history gets a line after every epoch. The rest is saved every `every` seconds, within epochs too, and after the
    last epoch; with 0 after every epoch; and less often where it would take more than a twentieth of the time. Once
    `ending` is True, which may be set at any moment, the current step is completed and saved, and KeyboardInterrupt
    raised.

    Put it after `early_stopping`, whose choice it saves: the best epoch, or the latest one where the best is not to be
    restored. origin: what the state says it was trained with. arrays, facts: what a prediction needs besides the
    weights, saved with them in best.safetensors. Raises BackhandError for `every` below 0.
    """

    folder: PathLike
    early_stopping: EarlyStopping
    origin: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, Array] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    every: float = 30.0

    def __post_init__(self) -> None:
        if not self.every >= 0:
            raise BackhandError(f"the seconds between two saved states must be 0 or more, not {self.every}")
        self._folder = as_path(self.folder)
        self._history = HistoryFile(self._folder)
        self._unsaved: Chosen | None = None  # what best.safetensors does not hold yet
        self._next = 0.0  # when to save again, by `time.perf_counter`
        self.ending = False

    def end(self) -> None:
        """Have the current step completed and saved, and KeyboardInterrupt raised."""
        self.ending = True

    def on_fit_begin(self, solver: Solver) -> None:
        """Bring history and best weights back to the solver's state, which they may be ahead of."""
        with solver.saving():
            self._history.restore(solver.history)
            self._unsaved = self._choice(solver) if solver.epoch else None
            self._write_best(solver)
        self._next = time.perf_counter() + self.every

    def on_step_end(self, solver: Solver) -> None:
        """Save, if it is time to or the training is to end here."""
        if self.ending or (self.every and time.perf_counter() >= self._next):
            self._save(solver)

    def on_epoch_end(self, solver: Solver) -> None:
        """Add a line to the history; save the rest, if it is time to or this is the last epoch."""
        with solver.saving():
            self._history.append(solver.history[-1])
        if not self.early_stopping.restore_best or self.early_stopping.best_epoch == solver.epoch:
            self._unsaved = self._choice(solver)
        if self.ending or not solver.unfinished or time.perf_counter() >= self._next:
            self._save(solver)

    def on_exception(self, solver: Solver) -> None:
        """Save the best weights and the history, but no state, since the exception may have interrupted a step."""
        with solver.saving():
            self._write_best(solver)
            self._history.sync()

    def _choice(self, solver: Solver) -> Chosen | None:
        """The epoch to be kept so far; None where there is none yet, or the model has changed since it."""
        stopping = self.early_stopping
        if stopping.restore_best:
            return None if stopping.best is None else Chosen(stopping.best_epoch, stopping.weights, stopping.best)
        if solver.epoch_totals is not None:
            return None
        return Chosen(solver.epoch, solver.weights(), solver.history[-1][stopping.monitor])

    def _save(self, solver: Solver) -> None:
        start = time.perf_counter()
        with solver.saving():
            self._write_best(solver)
            self._history.sync()
            arrays, facts = solver.state()
            del facts["history"]  # saved as the lines of the file instead, which are formatted only once
            arrays["history"] = np.array(memoryview(self._history.lines))
            checkpoint.save_generation(self._folder / STATE, arrays, facts | {"origin": self.origin})
        end = time.perf_counter()
        log.debug("state after step %d saved in %.3f s: %s", solver.step, end - start, self._folder / STATE)
        self._next = end + max(self.every, REST * (end - start)) if self.every else end
        if self.ending:
            self.ending = False
            raise KeyboardInterrupt

    def _write_best(self, solver: Solver) -> None:
        if self._unsaved is None:
            return
        epoch, weights, value = self._unsaved
        arrays = {f"model.{name}": weights[name] for name in solver.model.arrays()}  # in the same order after a resume
        facts = self.facts | {"epoch": epoch, self.early_stopping.monitor: value}
        checkpoint.save(self._folder / BEST, arrays | self.arrays, facts)
        self._unsaved = None
        log.debug("weights of epoch %d saved: %s", epoch, self._folder / BEST)


def has_state(folder: PathLike) -> bool:
    """Whether the folder has a state to resume from, be it whole or damaged."""
    path = as_path(folder) / STATE
    return path.exists() or checkpoint.previous(path).exists()


def load_state(folder: PathLike) -> tuple[dict[str, Array], dict[str, Any], str]:
    """Arrays and facts for `Solver.load` from the newest readable state, and a warning, "" if the newest was whole.

    Raises CheckpointError where no state can be read.
    """
    arrays, facts, warning = checkpoint.load_generation(as_path(folder) / STATE)
    if "history" in arrays:  # earlier versions had it among the facts
        facts["history"] = history_file.records(arrays.pop("history").tobytes().decode())
    return arrays, facts, warning


def remove_states(folder: PathLike) -> None:
    """Remove the states of all generations from the folder."""
    checkpoint.remove_generations(as_path(folder) / STATE)
