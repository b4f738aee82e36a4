"""The measurements of several programs on one workload."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from backhand.bench.inputs import Inputs
from backhand.bench.process import Program, Worker
from backhand.bench.timing import Spread, time_in_turn
from backhand.bench.workloads import Workload, step_flops


@dataclass(frozen=True)
class Measurement:
    """What a workload costs in one program.

    import_seconds: the time of importing the program.   first_ms: the milliseconds of the first step, which includes
    compiling.   rounds: the median milliseconds of a step in each round.   peak_mib: the peak resident memory of the
    program's process, None where the system does not report it.   blas: the BLAS that NumPy uses in that process.
    """

    import_seconds: float
    first_ms: float
    rounds: list[float]
    peak_mib: float | None
    blas: str

    @property
    def ms(self) -> Spread:
        """The milliseconds per step: their median and range over the rounds."""
        return Spread.of(self.rounds)


def measure(
    programs: Sequence[Program], inputs: Path, rounds: int, cache: Path | None = None
) -> dict[str, Measurement]:
    """Time the programs on the inputs in a file, in rounds in which they take turns, each in a process of its own.

    cache: the folder for compiled code; without it, each program uses its own.
    """
    with ExitStack() as stack:
        workers, first_ms = {}, {}
        for program in programs:
            worker = workers[program.name] = stack.enter_context(Worker(program, inputs, cache))
            first_ms[program.name] = worker.steps(1).ms[0]
        round_ms = time_in_turn(workers, rounds)
        peaks = {name: worker.steps(0).peak_mib for name, worker in workers.items()}
    return {
        name: Measurement(worker.import_seconds, first_ms[name], round_ms[name], peaks[name], worker.blas)
        for name, worker in workers.items()
    }


def gflop(workload: Workload) -> float:
    """The floating-point operations of one training step, in units of 10⁹."""
    return step_flops(workload.network().build(workload.shape), workload.batch) / 1e9


def save_inputs(workload: Workload, folder: Path, *, comparable: bool = False) -> Path:
    """Draw the inputs of a workload, save them in a folder, and return the file."""
    path = folder / f"{workload.name}{'-comparable' * comparable}.npz"
    Inputs.of(workload, comparable=comparable).save(path)
    return path
