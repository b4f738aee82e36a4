"""Measures steps of several processes that train together, beside what `scaling` predicts of them."""

import statistics
import time
from collections.abc import Callable
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
from backhand.training.parallel.ranks import Ranks, single
from backhand.training.parallel.solver import ParallelSolver
from backhand.training.solver import Solver

SIZES = 400, *(50_000 * 2**k for k in range(10)), 102_400_000  # bytes of the sums by which a network is measured
WARM_UP, ROUNDS = 3, 7  # steps, or sums
SLICE = 20e-3  # seconds of work between two looks at a sum under way, as layers may take them
REPORT = np.zeros(8)  # numbers that ranks tell each other in every step
OTHER = 8_000_000  # values that work touches before a sum, which then comes from memory


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
        alone = {count: self._time(workload, count, ranks, Solver) for count in counts}
        parallel = partial(ParallelSolver, ranks=single())
        overhead = max(self._time(workload, share, ranks, parallel) - alone[share], 0.0)
        step = Step.of(workload.network().build(workload.shape), workload.batch, alone, overhead)
        measured = self._time(workload, workload.batch, ranks, partial(ParallelSolver, ranks=ranks))
        return Row(workload.name, step, ranks.size, measured, step.predict(ranks.size, network))

    def _time(self, workload: Workload, batch: int, ranks: Ranks, kind: Callable[..., Solver]) -> float:
        """The median seconds of a step of such a solver, of the slowest rank in each."""
        model = workload.network().build(workload.shape)
        loss, sgd, clock = SoftmaxCrossEntropy(), SGD(LR, MOMENTUM), _Clock(ranks)
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
    """The network between the ranks: sums of several sizes, and how much of a long one passes beside work."""
    work = _Work()
    longest = max(SIZES)
    values, other = np.ones(longest // 4, np.float32), np.ones(OTHER, np.float32)
    seconds = {size: _slowest(ranks, partial(_sum, ranks, values[: size // 4], other)) for size in SIZES}
    slices = max(round(seconds[longest] / SLICE), 1)
    alone = _slowest(ranks, partial(_beside, None, slices, work))
    together = _slowest(ranks, partial(_beside, (ranks, values), slices, work))
    hidden = (alone + seconds[longest] - together) / seconds[longest]
    return Network(ranks.size, seconds, min(max(hidden, 0.0), 1.0))


def _slowest(ranks: Ranks, timed: Callable[[], float]) -> float:
    """The median over some rounds of the seconds that the slowest rank takes, when all begin at the same time."""
    times = []
    for _ in range(WARM_UP + ROUNDS):
        ranks.gather(0)
        times.append(max(ranks.gather(timed())))
    return statistics.median(times[WARM_UP:])


def _sum(ranks: Ranks, values: Array, other: Array) -> float:
    """The seconds of a sum as in a step: after a backward pass has written much, and beside the report of losses."""
    values[...] = 1
    other[...] = 1
    ranks.gather(0)
    start = time.perf_counter()
    report = ranks.start_gather(REPORT)
    ranks.sum(values)
    report()
    return time.perf_counter() - start


def _beside(under_way: tuple[Ranks, Array] | None, slices: int, work: "_Work") -> float:
    """The seconds of so many slices of work, with a sum at the same time, if there is one."""
    start = time.perf_counter()
    request = None if under_way is None else under_way[0].start_sum(under_way[1])
    for _ in range(slices):
        work.do(SLICE)
        if request is not None:
            request.Test()
    if request is not None:
        request.Wait()
    return time.perf_counter() - start


class _Work:
    """Work as that of layers without weights, as much each time as takes so many seconds alone."""

    def __init__(self) -> None:
        self.x = np.ones((128, 512), np.float32)
        start = time.perf_counter()
        for _ in range(200):
            self._once()
        self.seconds = (time.perf_counter() - start) / 200

    def _once(self) -> None:
        np.multiply(self.x, self.x, out=self.x)

    def do(self, seconds: float) -> None:
        """Work for so many seconds, as long as nothing else is done."""
        for _ in range(max(round(seconds / self.seconds), 1)):
            self._once()


class _Clock(Callback):
    """The seconds of each step; all ranks begin a step that they take alone at the same time."""

    def __init__(self, ranks: Ranks) -> None:
        self.ranks, self.times, self.start = ranks, list[float](), 0.0

    def on_fit_begin(self, solver: Solver) -> None:
        self.ranks.gather(0)
        self.start = time.perf_counter()

    def on_step_end(self, solver: Solver) -> None:
        self.times.append(time.perf_counter() - self.start)
        if getattr(solver, "ranks", None) is not self.ranks:
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
