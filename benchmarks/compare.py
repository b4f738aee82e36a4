"""Compares the losses of several programs, and the cost of a training step in each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path

from backhand.bench.measure import Measurement, gflop, measure, save_inputs
from backhand.bench.peak import peak
from backhand.bench.process import BACKHAND, BACKHAND_BFLOAT16, Program, Worker
from backhand.bench.timing import Spread
from backhand.bench.workloads import Workload
from backhand.precision import FLOAT32, PRECISIONS

OURS = BACKHAND.name, BACKHAND_BFLOAT16.name
# The number of steps whose losses are compared, and the largest relative difference. Fifty layers amplify rounding.
STEPS, LIMIT = 20, 1e-3
DEEP = {"fer_resnet50": (5, 1e-2)}
# With products in bfloat16: the steps, and the largest difference from the losses in float32, as a part of the first.
ROUNDED_STEPS, ROUNDED_LIMIT = 200, 0.05


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

    gflop: the operations of a step, in units of 10⁹.   peaks: of the processor, in GFLOP/s, by precision, measured
    beside the steps; empty where they cannot be measured.
    rounded: of programs with products in bfloat16, how far their losses are from ours in float32; of those that matter.
    """

    workload: Workload
    gflop: float
    peaks: dict[str, float]
    agreement: Agreement
    measurements: dict[str, Measurement]
    rounded: dict[str, float]

    @property
    def ours(self) -> Measurement:
        """In float32."""
        return self.measurements[BACKHAND.name]

    def fastest(self, *, ours: bool, rounded: bool) -> str:
        """The program with the lowest median of ours, or of the peers.

        rounded: those in bfloat16, too, whose losses agree with those in float32.
        """
        names = [name for name in self.measurements if (name in OURS) == ours]
        exact = [name for name in names if name in self.exact]
        agreeing = [name for name in names if self.rounded.get(name, inf) <= ROUNDED_LIMIT]
        return min(exact + agreeing * rounded, key=lambda name: self.measurements[name].ms.median)

    @property
    def exact(self) -> list[str]:
        """The programs whose products are in float32."""
        return [BACKHAND.name, *self.agreement.differences]

    def ratio(self, *, rounded: bool) -> Spread:
        """Our time divided by that of the fastest peer in the same round, over all rounds."""
        mine, theirs = (self.measurements[self.fastest(ours=ours, rounded=rounded)].rounds for ours in (True, False))
        return Spread.of(a / b for a, b in zip(mine, theirs, strict=True))


def compare_rounded(
    workload: Workload, programs: Sequence[Program], measured: Mapping[str, Measurement], folder: Path
) -> dict[str, float]:
    """How far losses in bfloat16 are from ours in float32: ours, and peers from the fastest on, until one agrees.

    Those that are slower than a peer in float32 are left out.
    """
    inputs = save_inputs(workload, folder, comparable=True)
    medians = {name: measurement.ms.median for name, measurement in measured.items()}
    exact = min(medians[each.name] for each in programs if each.precision == FLOAT32 and each.name not in OURS)
    rounded = sorted((each for each in programs if each.precision != FLOAT32), key=lambda each: medians[each.name])
    own = _losses(BACKHAND, inputs, ROUNDED_STEPS, cache_folder(workload, folder))
    differences: dict[str, float] = {}
    has_peer = False
    for program in rounded:
        if program.name in OURS or not (has_peer or medians[program.name] >= exact):
            losses = _losses(program, inputs, ROUNDED_STEPS, cache_folder(workload, folder))
            difference = max(abs(a - b) for a, b in zip(own, losses, strict=True)) / own[0]
            differences[program.name] = difference
            has_peer = has_peer or (program.name not in OURS and difference <= ROUNDED_LIMIT)
    return differences


def _losses(program: Program, inputs: Path, count: int, cache: Path) -> list[float]:
    with Worker(program, inputs, cache) as worker:
        return worker.steps(count).losses


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
    inputs = save_inputs(workload, folder)
    peaks = {precision: found for precision in PRECISIONS if (found := peak(precision))}
    measured = measure(programs, inputs, rounds, cache_folder(workload, folder))
    rounded = compare_rounded(workload, programs, measured, folder)
    return Comparison(workload, gflop(workload), peaks, agreement, measured, rounded)


def cache_folder(workload: Workload, folder: Path) -> Path:
    """The folder for what programs compile for this workload alone."""
    return folder / workload.name
