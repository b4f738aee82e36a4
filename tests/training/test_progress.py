"""Progress as text, and the bar that only a terminal gets."""

import io
import time

import pytest
from rich.console import Console

from backhand.training.callbacks import Callback
from backhand.training.progress import ProgressBar, epoch_line
from backhand.training.solver import Solver

RECORD = {"epoch": 3, "lr": 0.05, "seconds": 1.234, "train_loss": 0.5, "train_accuracy": 0.9}


def test_an_epoch_is_one_line() -> None:
    assert epoch_line(RECORD, 20) == "epoch  3/20   train loss 0.5000  acc.  90.00%   lr 0.05      1.23 s"
    both = RECORD | {"validation_loss": 0.25, "validation_accuracy": 1.0}
    assert epoch_line(both, 9) == (
        "epoch 3/9   train loss 0.5000  acc.  90.00%   valid. loss 0.2500  acc. 100.00%   lr 0.05      1.23 s"
    )


def test_elsewhere_than_in_a_terminal_there_are_plain_lines(make_solver, blobs) -> None:
    class Stop(Callback):
        def on_epoch_end(self, solver: Solver) -> None:
            solver.stopped = "enough" if solver.epoch == 2 else ""

    text = io.StringIO()
    bar = ProgressBar(Console(file=text, width=200), pause=0)
    solver = make_solver(callbacks=[Stop(), bar])
    solver.fit(*blobs, epochs=5)
    assert text.getvalue().splitlines() == [*(epoch_line(record, 5) for record in solver.history), "enough"]
    assert bar.bar is None


def test_a_terminal_gets_a_bar_that_begins_where_the_run_stands(make_solver, blobs) -> None:
    seen = []

    class Look(Callback):
        def on_fit_begin(self, solver: Solver) -> None:
            assert bar.bar.tasks[0].completed == 4

        def on_step_end(self, solver: Solver) -> None:
            task = bar.bar.tasks[0]
            seen.append((task.completed, task.total, task.description))

    bar = ProgressBar(Console(file=io.StringIO(), force_terminal=True, width=100), pause=0)
    solver = make_solver(callbacks=[bar, Look()])
    solver.epoch, solver.step = 1, 4
    solver.fit(blobs[0], epochs=2)
    assert seen == [(step, 8, "epoch 2/2") for step in (5, 6, 7, 8)]
    assert bar.bar is None


class Pace(Callback):
    """An epoch takes 0.03 seconds; the clock is moved by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(time, "perf_counter", lambda: self.now)

    def on_epoch_end(self, solver: Solver) -> None:
        self.now += 0.03


def test_fast_epochs_have_a_few_lines_a_second_and_always_the_first_and_the_last(
    make_solver, blobs, monkeypatch
) -> None:
    text = io.StringIO()
    solver = make_solver(callbacks=[Pace(monkeypatch), ProgressBar(Console(file=text, width=200))])
    solver.fit(*blobs, epochs=20)
    shown = [int(line.split("/")[0].removeprefix("epoch")) for line in text.getvalue().splitlines()]
    assert shown == [1, 8, 15, 20]


def test_the_last_line_is_shown_when_a_training_breaks_off(make_solver, blobs, monkeypatch) -> None:
    class Breaks(Callback):
        def on_loss(self, solver: Solver) -> None:
            if solver.epoch == 5:
                raise StopIteration

    text = io.StringIO()
    bar = ProgressBar(Console(file=text, width=200))
    with pytest.raises(StopIteration):
        make_solver(callbacks=[Pace(monkeypatch), bar, Breaks()]).fit(*blobs, epochs=20)
    assert [line[:8] for line in text.getvalue().splitlines()] == ["epoch  1", "epoch  5"]


def test_the_bar_goes_away_when_the_training_breaks_off(make_solver, blobs) -> None:
    class Break(Callback):
        def on_loss(self, solver: Solver) -> None:
            raise StopIteration

    bar = ProgressBar(Console(file=io.StringIO(), force_terminal=True))
    with pytest.raises(StopIteration):
        make_solver(callbacks=[bar, Break()]).fit(blobs[0], epochs=2)
    assert bar.bar is None
    bar.close()
