"""Times whole training steps in blocks, round by round, one program after the other."""

import statistics
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from backhand.bench.process import Worker

WARM_UP_MS = 1000.0  # of steps before the first round
BLOCK_MS, MAX_STEPS = 300.0, 200  # the length of a block, and the most steps in one
PAUSE = 0.05  # seconds, in which the threads of the previous program stop spinning


@dataclass(frozen=True)
class Spread:
    """The median and the range of several figures."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Self:
        """The spread of one or more values."""
        values = sorted(values)
        return cls(statistics.median(values), values[0], values[-1])


def time_in_turn(workers: Mapping[str, Worker], rounds: int) -> dict[str, list[float]]:
    """The median milliseconds of a step of each worker in every round, after a warm-up.

    In each round the workers take turns, one block of steps after the other.
    """
    sizes = {name: warm_up(worker) for name, worker in workers.items()}
    medians: dict[str, list[float]] = {name: [] for name in workers}
    for _ in range(rounds):
        for name, worker in workers.items():
            time.sleep(PAUSE)
            medians[name].append(statistics.median(worker.steps(sizes[name]).ms))
    return medians


def warm_up(worker: Worker) -> int:
    """Take steps until their times have settled, and return how many steps fill a block."""
    spent, latest = 0.0, worker.steps(2).ms[-1]
    while spent < WARM_UP_MS:
        times = worker.steps(steps_per_block(latest)).ms
        spent, latest = spent + sum(times), statistics.median(times)
    return steps_per_block(latest)


def steps_per_block(ms: float) -> int:
    """How many steps of `ms` milliseconds each fill a block: at least one."""
    return min(max(round(BLOCK_MS / ms), 1), MAX_STEPS)
