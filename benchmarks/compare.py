"""Whether programs train alike, and what a step of a workload costs in each."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from backhand.bench.measure import Measurement, gflop, measure, save_inputs
from backhand.bench.peak import fma_peak
from backhand.bench.process import BACKHAND, Program, Worker
from backhand.bench.timing import Spread
from backhand.bench.workloads import Workload

# Steps that are compared, and how far losses may be apart, relatively; fifty layers multiply every rounding.
STEPS, LIMIT = 20, 1e-3
DEEP = {"fer_resnet50": (5, 1e-2)}


@dataclass(frozen=True)
class Agreement:
    """The losses of our steps, how far each peer's are from them at most, and the milliseconds of each first step.

    Before these nothing has been compiled: they are a first start's.
    """

    losses: list[float]
    differences: dict[str, float]
    first_step_ms: dict[str, float]
    limit: float

    @property
    def holds(self) -> bool:
        """Whether there is anything to compare with, and all of it agrees; what is not a number does not."""
        return bool(self.differences) and all(value <= self.limit for value in self.differences.values())


@dataclass(frozen=True)
class Comparison:
    """A workload, with what was found: 10⁹ operations a step, the peak in GFLOP/s beside it, and each program's."""

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
        """The peer whose median is lowest."""
        peers = [name for name in self.measurements if name != BACKHAND.name]
        return min(peers, key=lambda name: self.measurements[name].ms.median)

    @property
    def ratio(self) -> Spread:
        """Our time over the fastest peer's, of each round."""
        theirs = self.measurements[self.fastest].rounds
        return Spread.of(a / b for a, b in zip(self.ours.rounds, theirs, strict=True))


def compare_losses(workload: Workload, programs: Sequence[Program], folder: Path) -> Agreement:
    """The losses of all programs on the same batch, from the same weights."""
    count, limit = DEEP.get(workload.name, (STEPS, LIMIT))
    inputs = save_inputs(workload, folder, comparable=True)
    losses, cold = {}, {}
    for program in programs:
        with Worker(program, inputs, cache_folder(workload, folder)) as worker:
            steps = worker.steps(count)
        losses[program.name], cold[program.name] = steps.losses, steps.ms[0]
    own = losses.pop(BACKHAND.name)
    apart = {name: largest_difference(own, other) for name, other in losses.items()}
    return Agreement(own, apart, cold, limit)


def largest_difference(own: Sequence[float], other: Sequence[float]) -> float:
    """The largest relative difference; nan where one is."""
    differences = [abs(b / a - 1) for a, b in zip(own, other, strict=True)]
    return max(differences, key=lambda value: (value != value, value))


def time_workload(
    workload: Workload, programs: Sequence[Program], rounds: int, folder: Path, agreement: Agreement
) -> Comparison:
    """Time them. What `validate` compiled in the same folder is found again: a second start."""
    inputs, peak = save_inputs(workload, folder), fma_peak()
    measured = measure(programs, inputs, rounds, cache_folder(workload, folder))
    return Comparison(workload, gflop(workload), peak, agreement, measured)


def cache_folder(workload: Workload, folder: Path) -> Path:
    """Where programs keep what they compile for this workload alone."""
    return folder / workload.name
