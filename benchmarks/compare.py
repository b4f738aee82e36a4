"""Compares the losses of several programs, and the cost of a training step in each."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from backhand.bench.measure import Measurement, gflop, measure, save_inputs
from backhand.bench.peak import fma_peak
from backhand.bench.process import BACKHAND, Program, Worker
from backhand.bench.timing import Spread
from backhand.bench.workloads import Workload

# The number of steps whose losses are compared, and the largest relative difference. Fifty layers amplify rounding.
STEPS, LIMIT = 20, 1e-3
DEEP = {"fer_resnet50": (5, 1e-2)}


@dataclass(frozen=True)
class Agreement:
    """Whether the peers train alike.

    losses: those of our steps.   differences: the largest relative difference of each peer's losses from ours.
    first_step_ms: the milliseconds of the first step of each program, before which nothing has been compiled.
    """

    losses: list[float]
    differences: dict[str, float]
    first_step_ms: dict[str, float]
    limit: float

    @property
    def holds(self) -> bool:
        """Whether there is a peer and all peers agree. A loss that is not a number agrees with none."""
        return bool(self.differences) and all(value <= self.limit for value in self.differences.values())


@dataclass(frozen=True)
class Comparison:
    """The measurements of a workload in all programs.

    gflop: the operations of a step, in units of 10⁹.   peak: of the processor, in GFLOP/s, measured beside the steps.
    """

    workload: Workload
    gflop: float
    peak: float | None
    agreement: Agreement
    measurements: dict[str, Measurement]

    @property
    def ours(self) -> Measurement:
        return self.measurements[BACKHAND.name]

    @property
    def fastest(self) -> str:
        """The name of the peer with the lowest median."""
        peers = [name for name in self.measurements if name != BACKHAND.name]
        return min(peers, key=lambda name: self.measurements[name].ms.median)

    @property
    def ratio(self) -> Spread:
        """Our time divided by the fastest peer's in the same round, over all rounds."""
        theirs = self.measurements[self.fastest].rounds
        return Spread.of(a / b for a, b in zip(self.ours.rounds, theirs, strict=True))


def compare_losses(workload: Workload, programs: Sequence[Program], folder: Path) -> Agreement:
    """Compare the losses of all programs on the same batch, starting from the same weights."""
    count, limit = DEEP.get(workload.name, (STEPS, LIMIT))
    inputs = save_inputs(workload, folder, comparable=True)
    losses, first_step_ms = {}, {}
    for program in programs:
        with Worker(program, inputs, cache_folder(workload, folder)) as worker:
            steps = worker.steps(count)
        losses[program.name], first_step_ms[program.name] = steps.losses, steps.ms[0]
    own = losses.pop(BACKHAND.name)
    differences = {name: largest_difference(own, other) for name, other in losses.items()}
    return Agreement(own, differences, first_step_ms, limit)


def largest_difference(own: Sequence[float], other: Sequence[float]) -> float:
    """The largest relative difference; NaN where any of them is."""
    differences = [abs(b / a - 1) for a, b in zip(own, other, strict=True)]
    return max(differences, key=lambda value: (value != value, value))


def time_workload(
    workload: Workload, programs: Sequence[Program], rounds: int, folder: Path, agreement: Agreement
) -> Comparison:
    """Time the programs. What `compare_losses` has compiled in the same folder is used again."""
    inputs, peak = save_inputs(workload, folder), fma_peak()
    measured = measure(programs, inputs, rounds, cache_folder(workload, folder))
    return Comparison(workload, gflop(workload), peak, agreement, measured)


def cache_folder(workload: Workload, folder: Path) -> Path:
    """The folder for what programs compile for this workload alone."""
    return folder / workload.name
