"""Times of whole steps: blocks of them, round by round, one program after the other."""

import statistics
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from backhand.bench.process import Worker

WARM_UP, BLOCK, MOST = 1000.0, 300.0, 200  # milliseconds of steps before the first round; of a block; steps in one
PAUSE = 0.05  # seconds, in which the threads of the program before stop spinning


@dataclass(frozen=True)
class Spread:
    """Median and range of several figures."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Self:
        """Of at least one."""
        values = sorted(values)
        return cls(statistics.median(values), values[0], values[-1])


def interleave(workers: Mapping[str, Worker], rounds: int) -> dict[str, list[float]]:
    """For each worker the median milliseconds of a step in every round: A B C, A' B' C' and so on, after a warm-up."""
    sizes = {name: warm_up(worker) for name, worker in workers.items()}
    medians: dict[str, list[float]] = {name: [] for name in workers}
    for _ in range(rounds):
        for name, worker in workers.items():
            time.sleep(PAUSE)
            medians[name].append(statistics.median(worker.steps(sizes[name]).ms))
    return medians


def warm_up(worker: Worker) -> int:
    """Steps until the times have settled; returns how many fill a block."""
    spent, latest = 0.0, worker.steps(2).ms[-1]
    while spent < WARM_UP:
        times = worker.steps(block(latest)).ms
        spent, latest = spent + sum(times), statistics.median(times)
    return block(latest)


def block(ms: float) -> int:
    """How many steps of so many milliseconds fill a block: at least one."""
    return min(max(round(BLOCK / ms), 1), MOST)
