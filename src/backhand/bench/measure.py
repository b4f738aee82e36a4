"""Everything that is measured of programs on one workload."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from backhand.bench.inputs import Inputs
from backhand.bench.process import Program, Worker
from backhand.bench.timing import Spread, interleave
from backhand.bench.workloads import Workload, step_flops


@dataclass(frozen=True)
class Measured:
    """What a workload costs in one program.

    rounds: the median milliseconds of a step in each; first_ms: the first step, with whatever it compiles;
    peak_mib: the most resident memory of its process.
    """

    import_seconds: float
    first_ms: float
    rounds: list[float]
    peak_mib: float | None
    blas: str

    @property
    def ms(self) -> Spread:
        """Milliseconds a step, over the rounds."""
        return Spread.of(self.rounds)


def measure(programs: Sequence[Program], inputs: Path, rounds: int, cache: Path | None = None) -> dict[str, Measured]:
    """Time the programs on the inputs in a file, in interleaved rounds, each in a process of its own."""
    with ExitStack() as stack:
        workers, first = {}, {}
        for each in programs:
            worker = workers[each.name] = stack.enter_context(Worker(each, inputs, cache))
            first[each.name] = worker.steps(1).ms[0]
        rounds_of = interleave(workers, rounds)
        peaks = {name: worker.steps(0).peak_mib for name, worker in workers.items()}
    return {
        name: Measured(worker.import_seconds, first[name], rounds_of[name], peaks[name], worker.blas)
        for name, worker in workers.items()
    }


def gflop(workload: Workload) -> float:
    """10⁹ floating-point operations of one step."""
    return step_flops(workload.network().build(workload.shape), workload.batch) / 1e9


def save_inputs(workload: Workload, folder: Path, *, calm: bool = False) -> Path:
    """Draw a workload's inputs into a folder; returns the file."""
    path = folder / f"{workload.name}{'-calm' * calm}.npz"
    Inputs.of(workload, calm=calm).save(path)
    return path
