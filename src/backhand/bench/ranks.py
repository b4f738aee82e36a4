"""Measures steps of several processes that train together, beside what `scaling` predicts of them."""

import statistics
import time
from dataclasses import dataclass
from functools import partial

import numpy as np

from backhand import backend
from backhand.arrays import Array, Labels
from backhand.bench.scaling import Network, Step
from backhand.bench.workloads import LR, MOMENTUM, WORKLOADS, Workload
from backhand.data.feed import Batch, Indices
from backhand.training.callback import Callback
from backhand.training.losses import SoftmaxCrossEntropy
from backhand.training.optimizers import SGD
from backhand.training.parallel.ranks import Ranks
from backhand.training.parallel.solver import ParallelSolver
from backhand.training.solver import Solver

SIZES = 1_000, 10_000, 100_000, 1_000_000, 10_000_000  # bytes of the sums by which a network is measured
SLICE = 2e-3  # seconds of work between two looks at a sum under way, as a layer may take them
WARM_UP = 3  # steps, or sums


@dataclass(frozen=True)
class Row:
    """A workload: its step on paper, the number of ranks, and the seconds of a step as measured."""

    name: str
    step: Step
    ranks: int
    measured: float
    predicted: float

    @property
    def error(self) -> float:
        """By what share of what was measured the prediction is too high."""
        return self.predicted / self.measured - 1


@dataclass(frozen=True)
class RanksBench:
    """The order to measure these workloads, in this time for each of their parts; all ranks carry it out.

    threads: of each rank; None: its share of the cores.
    """

    names: tuple[str, ...]
    seconds: float = 2.0
    threads: int | None = None

    def __call__(self, ranks: Ranks) -> tuple[Network, list[Row]]:
        """Measure the network, and then each workload; the same on every rank."""
        if backend.threads() is not None:
            backend.use(backend.chosen(), self.threads or ranks.threads())
        network = measure_network(ranks)
        return network, [self._row(WORKLOADS[name], ranks, network) for name in self.names]

    def _row(self, workload: Workload, ranks: Ranks, network: Network) -> Row:
        share = -(-workload.batch // ranks.size)
        counts = sorted({workload.batch, share, *(max(workload.batch // 2**k, 1) for k in range(1, 7))})
        alone = {count: self._time(workload, count, ranks, together=False) for count in counts}
        model = workload.network().build(workload.shape)
        step = Step.of(model, workload.batch, alone)
        measured = self._time(workload, workload.batch, ranks, together=True)
        return Row(workload.name, step, ranks.size, measured, step.predict(ranks.size, network))

    def _time(self, workload: Workload, batch: int, ranks: Ranks, *, together: bool) -> float:
        """The median seconds of a step, of the slowest rank in each. together: whether the ranks share the batch."""
        model = workload.network().build(workload.shape)
        loss, sgd, clock = SoftmaxCrossEntropy(), SGD(LR, MOMENTUM), _Clock(ranks)
        kind = partial(ParallelSolver, ranks=ranks) if together else Solver
        solver = kind(model, loss, sgd, batch, callbacks=[clock])
        x, labels = workload.samples()
        first = max(statistics.median(self._fit(solver, clock, x[:batch], labels[:batch], WARM_UP)), 1e-6)
        steps = min(max(round(ranks.broadcast(self.seconds / first)), 5), 2000)
        return statistics.median(self._fit(solver, clock, x[:batch], labels[:batch], steps)[1:])

    def _fit(self, solver: Solver, clock: "_Clock", x: Array, labels: Labels, steps: int) -> list[float]:
        clock.times = []
        solver.fit(_Repeated(x, labels, steps), epochs=solver.epoch + 1)
        return clock.slowest()


def measure_network(ranks: Ranks) -> Network:
    """The latency, the bandwidth and the overlap of the network between the ranks, by sums of several sizes."""
    seconds = {size: _sum_seconds(ranks, size, idle=True) for size in SIZES}
    hidden = 1 - _sum_seconds(ranks, SIZES[-1], idle=False) / seconds[SIZES[-1]]
    return Network.fit(seconds, ranks.size, min(max(hidden, 0.0), 1.0))


def _sum_seconds(ranks: Ranks, size: int, *, idle: bool) -> float:
    """The median seconds that the slowest rank waits for a sum of so many bytes.

    Where it is not idle, it is at work for as long as the sum takes, and counts only what it waits then.
    """
    values, times, expected = np.zeros(size // 4, np.float32), list[float](), 0.0
    for _ in range(WARM_UP + 7):
        ranks.gather(0)
        start = time.perf_counter()
        request = ranks.start_sum(values)
        while not idle and time.perf_counter() - start < expected:
            _work()
            request.Test()
        wait = time.perf_counter()
        request.Wait()
        expected = time.perf_counter() - start
        times.append(time.perf_counter() - (start if idle else wait))
        if not idle:
            expected = max(ranks.gather(expected))
    return statistics.median(map(max, zip(*ranks.gather(times[WARM_UP:]), strict=True)))


def _work() -> None:
    """Keep the processor busy for a while, as a layer does."""
    end = time.perf_counter() + SLICE
    while time.perf_counter() < end:
        pass


class _Clock(Callback):
    """The seconds of each step; all ranks begin a step that they take alone at the same time."""

    def __init__(self, ranks: Ranks) -> None:
        self.ranks, self.times, self.start = ranks, list[float](), 0.0

    def on_fit_begin(self, solver: Solver) -> None:
        self.ranks.gather(0)
        self.start = time.perf_counter()

    def on_step_end(self, solver: Solver) -> None:
        self.times.append(time.perf_counter() - self.start)
        if not isinstance(solver, ParallelSolver):
            self.ranks.gather(0)
        self.start = time.perf_counter()

    def slowest(self) -> list[float]:
        """The seconds of each step on the rank that took longest for it."""
        return list(map(max, zip(*self.ranks.gather(self.times), strict=True)))


class _Repeated:
    """A batch, again and again, as a source for so many steps."""

    def __init__(self, x: Array, labels: Labels, steps: int) -> None:
        self.x, self.labels, self.steps = x, labels, steps

    def __len__(self) -> int:
        return len(self.x) * self.steps

    def batch(self, index: Indices) -> Batch:
        return self.x[index % len(self.x)], self.labels[index % len(self.x)]

    def draw(self, index: Indices, rng: np.random.Generator) -> Batch:
        return self.draw_share(index, rng, slice(None))

    def draw_share(self, index: Indices, _rng: np.random.Generator, share: slice) -> Batch:
        return self.x[share], self.labels[share]
