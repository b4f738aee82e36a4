"""The progress of a training: a line per epoch, and in a terminal a bar."""

import time
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from backhand.console.terminal import make_console
from backhand.training.callback import Callback
from backhand.training.history import Record
from backhand.training.metrics import ACCURACY, LOSS
from backhand.training.solver import Solver


def time_left(seconds: float) -> str:
    """An estimate of the time left, rounded: about 45 s left, about 12 min left."""
    return f"about {seconds / 60:.0f} min left" if seconds >= 90 else f"about {seconds:.0f} s left"


class ProgressBar(Callback):
    """Prints a line for each epoch and, in a terminal, a bar below them with the share of all steps and the time left.

    pause: seconds between two lines, and between two updates of the bar, at least. Of shorter epochs not all are
    printed, but always the first and the last one.
    """

    def __init__(self, console: Console | None = None, pause: float = 0.2) -> None:
        self.console, self.pause = console or make_console(), pause
        self.bar: Progress | None = None
        self.task = TaskID(0)
        self.pending = ""  # the line of the latest epoch, until it is printed
        self.next_line = self.next_move = 0.0  # the earliest times for another one, by `time.perf_counter`

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """A new bar in the same console."""
        return type(self)(self.console, self.pause)

    def __getstate__(self) -> dict[str, Any]:
        """The settings without the console, since another process has a standard output of its own."""
        return {"quiet": self.console.quiet, "pause": self.pause}

    def __setstate__(self, state: dict[str, Any]) -> None:
        ProgressBar.__init__(self, make_console(quiet=state["quiet"]), state["pause"])

    def on_fit_begin(self, solver: Solver) -> None:
        """Show the bar, at the step from which a resumed training goes on."""
        self.next_line = self.next_move = 0.0
        if self.console.is_terminal and solver.unfinished:
            columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%")
            self.bar = Progress(*columns, TimeRemainingColumn(), console=self.console, transient=True)
            total = solver.epochs * solver.steps_per_epoch
            self.task = self.bar.add_task("training", total=total, completed=solver.step)
            self.bar.start()

    def on_step_end(self, solver: Solver) -> None:
        """Move the bar, unless it has just been moved."""
        if self.bar is not None and (now := time.perf_counter()) >= self.next_move:
            self.next_move = now + self.pause
            self.bar.update(self.task, completed=solver.step, description=f"epoch {solver.epoch + 1}/{solver.epochs}")

    def on_epoch_end(self, solver: Solver) -> None:
        """Print the epoch's figures, unless the line before has just been printed."""
        self.pending = epoch_line(solver.history[-1], solver.epochs)
        if not solver.unfinished or time.perf_counter() >= self.next_line:
            self._print()

    def _print(self) -> None:
        if self.pending:
            self.console.print(self.pending)
            self.pending, self.next_line = "", time.perf_counter() + self.pause

    def on_fit_end(self, solver: Solver) -> None:
        """Print why the training ended, if a callback stopped it."""
        self.close()
        if solver.stopped:
            self.console.print(solver.stopped)

    def on_exception(self, solver: Solver) -> None:
        """Print the last epoch's line, so that the error message comes below it."""
        self.close()

    def close(self) -> None:
        """Print a pending line, and remove the bar."""
        self._print()
        if self.bar is not None:
            self.bar.stop()
            self.bar = None


def epoch_line(record: Record, epochs: int) -> str:
    """One epoch's record as a line of text, in columns that line up with those of the other epochs."""
    width = len(str(epochs))
    text = f"epoch {record['epoch']:>{width}}/{epochs}"
    for split, short in (("train", "train"), ("validation", "valid.")):
        if f"{split}_loss" in record:
            text += f"   {short} loss {LOSS.text(record[f'{split}_loss'])}{_second(record, split)}"
    return f"{text}   lr {record['lr']:<8.3g}  {record['seconds']:.2f} s"


def _second(record: Record, split: str) -> str:
    """The figure beside the loss: the accuracy of a classifier, the RMSE of a regression."""
    if f"{split}_accuracy" in record:
        return f"  acc. {ACCURACY.text(record[f'{split}_accuracy']):>7}"
    return f"  RMSE {record[f'{split}_rmse']:.4g}" if f"{split}_rmse" in record else ""
