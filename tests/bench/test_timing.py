"""How steps are timed: in processes that take turns."""

from backhand.bench import timing
from backhand.bench.process import Steps
from backhand.bench.timing import Spread, steps_per_block, time_in_turn


class Recorder:
    """In place of a process: every step takes so many milliseconds, and the calls of all are kept in one list."""

    def __init__(self, name, ms, calls):
        self.name, self.ms, self.calls = name, ms, calls

    def steps(self, count):
        self.calls.append((self.name, count))
        return Steps([self.ms] * count, [0.0] * count, None)


def test_rounds_are_interleaved_after_a_warm_up(monkeypatch):
    monkeypatch.setattr(timing, "PAUSE", 0)
    calls = []
    medians = time_in_turn({"a": Recorder("a", 100.0, calls), "b": Recorder("b", 1000.0, calls)}, 3)
    assert medians == {"a": [100.0] * 3, "b": [1000.0] * 3}
    assert calls[-6:] == [("a", 3), ("b", 1)] * 3
    warm = sum(count * {"a": 100, "b": 1000}[name] for name, count in calls[:-6])
    assert warm >= 2 * timing.WARM_UP_MS


def test_blocks_hold_a_step_at_least_and_not_too_many():
    assert steps_per_block(5000.0) == 1
    assert steps_per_block(timing.BLOCK_MS / 7) == 7
    assert steps_per_block(1e-6) == timing.MAX_STEPS


def test_a_spread_is_median_and_range():
    assert Spread.of([3.0, 1.0, 8.0]) == Spread(3.0, 1.0, 8.0)
