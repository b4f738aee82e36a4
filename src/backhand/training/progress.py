"""Progress that a person can watch: a bar in a terminal, plain lines elsewhere."""

import time
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from backhand.console.terminal import make_console
from backhand.training.metrics import ACCURACY, LOSS
from backhand.training.solver import Callback, Record, Solver


def time_left(seconds: float) -> str:
    """An estimate, as rough as it is: 45 s, 12 min."""
    return f"about {seconds / 60:.0f} min left" if seconds >= 90 else f"about {seconds:.0f} s left"


class ProgressBar(Callback):
    """A line for each epoch, and below them, in a terminal, a bar over all steps with the time left.

    pause: seconds between two lines, and between two moves of the bar, at least; epochs that are faster are not all
    shown, but the first and the last one always are.
    """

    def __init__(self, console: Console | None = None, pause: float = 0.2) -> None:
        self.console, self.pause = console or make_console(), pause
        self.bar: Progress | None = None
        self.task = TaskID(0)
        self.waiting = ""  # the line of the latest epoch, while it has not been shown
        self.line_at = self.move_at = 0.0  # when another one may be shown, by `time.perf_counter`

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """A bar of its own in the same console."""
        return type(self)(self.console, self.pause)

    def __getstate__(self) -> dict[str, Any]:
        """What another process can write to: its own standard output, not this one's console."""
        return {"quiet": self.console.quiet, "pause": self.pause}

    def __setstate__(self, state: dict[str, Any]) -> None:
        ProgressBar.__init__(self, make_console(quiet=state["quiet"]), state["pause"])

    def on_fit_begin(self, solver: Solver) -> None:
        """Show the bar, from where a resumed run stands."""
        self.line_at = self.move_at = 0.0
        if self.console.is_terminal and solver.goes_on:
            columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%")
            self.bar = Progress(*columns, TimeRemainingColumn(), console=self.console, transient=True)
            total = solver.epochs * solver.steps_per_epoch
            self.task = self.bar.add_task("training", total=total, completed=solver.step)
            self.bar.start()

    def on_step_end(self, solver: Solver) -> None:
        """Move the bar."""
        if self.bar is not None and (now := time.perf_counter()) >= self.move_at:
            self.move_at = now + self.pause
            self.bar.update(self.task, completed=solver.step, description=f"epoch {solver.epoch + 1}/{solver.epochs}")

    def on_epoch_end(self, solver: Solver) -> None:
        """Print the epoch's figures, unless the line before has just been printed."""
        self.waiting = epoch_line(solver.history[-1], solver.epochs)
        if not solver.goes_on or time.perf_counter() >= self.line_at:
            self._print()

    def _print(self) -> None:
        if self.waiting:
            self.console.print(self.waiting)
            self.waiting, self.line_at = "", time.perf_counter() + self.pause

    def on_fit_end(self, solver: Solver) -> None:
        """Say why it ended, if not with the last epoch."""
        self.close()
        if solver.stopped:
            self.console.print(solver.stopped)

    def on_exception(self, solver: Solver) -> None:
        """The last epoch's line; an error message comes below it."""
        self.close()

    def close(self) -> None:
        """Print a line that has been waiting, and take the bar away."""
        self._print()
        if self.bar is not None:
            self.bar.stop()
            self.bar = None


def epoch_line(record: Record, epochs: int) -> str:
    """One epoch as text; the columns of one run line up."""
    width = len(str(epochs))
    text = f"epoch {record['epoch']:>{width}}/{epochs}"
    for part, short in (("train", "train"), ("validation", "valid.")):
        if f"{part}_loss" in record:
            loss, accuracy = LOSS.text(record[f"{part}_loss"]), ACCURACY.text(record[f"{part}_accuracy"])
            text += f"   {short} loss {loss}  acc. {accuracy:>7}"
    return f"{text}   lr {record['lr']:<8.3g}  {record['seconds']:.2f} s"
