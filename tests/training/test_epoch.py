"""The epoch that is being trained: its sums, and its time, of which saving is no part."""

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from backhand.data.feed import Feed
from backhand.training.callbacks import Callback
from backhand.training.epoch import EpochTotals
from backhand.training.lockstep import fit_together
from backhand.training.measures import Hits
from backhand.training.solver import Solver


def test_figures_are_means_over_the_samples() -> None:
    totals = EpochTotals({}, Hits())
    totals.add(np.array([0, 1, 2]), np.array([0, 1, 1]), 0.5, 2.0)
    shares = np.array([[0.3, 0.7], [0.6, 0.4]])  # of the classes of mixed images
    totals.add(np.array([1, 1]), shares, 2.0, 4.0)
    assert totals.figures() == pytest.approx({"loss": (3 * 0.5 + 2 * 2.0) / 5, "accuracy": 3 / 5, "error": 2 / 5})
    assert (totals.steps, totals.norms) == (2, 6.0)


class Clock:
    """Moves when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(time, "perf_counter", made)
    return made


def test_the_clock_goes_on_from_where_it_stood(clock: Clock) -> None:
    totals = EpochTotals({}, Hits(), seconds=100.0)
    clock.now += 7
    totals.exclude(4.0)
    assert totals.elapsed == totals.state()["seconds"] == 103
    totals.stop_clock()
    clock.now += 50
    totals.start_clock()
    assert totals.elapsed == 103


@dataclass(frozen=True)
class SlowFeed(Feed):
    """Takes 2 seconds for a batch."""

    clock: Clock = field(kw_only=True)

    def draw(self, index: Any, rng: np.random.Generator) -> Any:
        self.clock.now += 2
        return super().draw(index, rng)


@dataclass(eq=False)
class Saves(Callback):
    """Spends 10 seconds on saving, within epochs and between them."""

    clock: Clock

    def on_step_end(self, solver: Solver) -> None:
        with solver.saving():
            self.clock.now += 10

    on_epoch_end = on_step_end


@pytest.mark.parametrize("count", [1, 2], ids=["alone", "in step"])
def test_an_epoch_takes_the_seconds_of_its_training_and_none_of_saving(make_solver, blobs, clock, count: int) -> None:
    solvers = [make_solver(batch_size=75) for _ in range(count)]
    solvers[-1].callbacks = [Saves(clock)]
    train = SlowFeed(blobs[0].data, blobs[0].standardizer, clock=clock)
    if count == 1:
        solvers[0].fit(train, blobs[1], epochs=2)
    else:
        fit_together(solvers, train, blobs[1], epochs=2)
    for solver in solvers:  # two batches an epoch
        assert [record["seconds"] for record in solver.history] == [4 / count] * 2
        assert [record["elapsed"] for record in solver.history] == [4 / count, 8 / count]
    assert [solver.saving_seconds for solver in solvers] == [0] * (count - 1) + [60]
