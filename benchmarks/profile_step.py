"""Shows where the time of a training step goes: the passes of each op, the optimiser, and the Python between them.

A clock is put around `forward` and `backward` of every op. The time of a function that another one calls counts as its
own. The rows add up to the whole step.
usage: python benchmarks/profile_step.py [two_layer] [--steps 200] [--precision bfloat16]
"""

import argparse
import os
import statistics
import sys
from collections import Counter
from collections.abc import Callable
from functools import wraps
from time import perf_counter
from typing import Any

for name in [name for name in os.environ if name.startswith("OPENBLAS_")]:  # an override would slow NumPy
    del os.environ[name]

import backhand.training.clipping
from backhand import backend
from backhand.bench import ours
from backhand.bench.inputs import Inputs
from backhand.bench.workloads import WORKLOADS
from backhand.precision import FLOAT32, PRECISIONS
from backhand.training.solver import Solver

BETWEEN = "Python between them"
KERNELS = "backhand.kernels.ops."


class Clock:
    """Counts seconds and calls by name. While a function runs, the clocks of its callers stand still."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.inside: list[float] = []  # of each running function, the seconds in the functions that it called

    def around(self, function: Callable[..., Any], name: str, *, shapes: bool = False) -> Callable[..., Any]:
        """The function with the clock around it. shapes: whether each shape of its first argument has its own row."""

        @wraps(function)
        def timed(*args: Any, **options: Any) -> Any:
            shape = getattr(args[0], "shape", ()) if shapes else ()
            label = f"{name} {'x'.join(map(str, shape))}".rstrip()
            self.inside.append(0.0)
            start = perf_counter()
            try:
                return function(*args, **options)
            finally:
                spent = perf_counter() - start
                self.seconds[label] += spent - self.inside.pop()
                self.calls[label] += 1
                if self.inside:
                    self.inside[-1] += spent

        return timed


def attach(clock: Clock, solver: Solver) -> None:
    """Put the clock around all functions that have a row of their own.

    What declares an op is frozen and shared by all layers, so its functions are replaced in place.
    """
    references = {name: backend.reference(name) for name in backend.op_names()}
    kernels = {
        path.rpartition(".")[2]: module.KERNEL
        for path, module in list(sys.modules.items())
        if path.startswith(KERNELS) and hasattr(module, "KERNEL")
    }
    for op, computed in (*references.items(), *kernels.items()):
        for name in ("forward", "training", "backward"):
            if function := getattr(computed, name):  # only some have a forward pass for training alone
                object.__setattr__(computed, name, clock.around(function, f"{op} {name}", shapes=True))
    for name in ("clip_norm", "clip_value"):
        setattr(backhand.training.clipping, name, clock.around(getattr(backhand.training.clipping, name), name))
    solver.optimizer.step = clock.around(solver.optimizer.step, type(solver.optimizer).__name__)
    solver.train_step = clock.around(solver.train_step, BETWEEN)


def time_steps(solver: Solver, inputs: Inputs, count: int) -> list[float]:
    """Take `count` steps, and return the seconds of each."""
    seconds = []
    for _ in range(count):
        start = perf_counter()
        solver.train_step(inputs.x, inputs.labels)
        seconds.append(perf_counter() - start)
    return seconds


def table(clock: Clock, steps: int) -> str:
    """One row per name, in the order of their first call; the last row is the sum."""
    whole = sum(clock.seconds.values())
    rows = [("calls", "µs per step", "share", "")]
    for name, seconds in sorted(clock.seconds.items(), key=lambda item: item[0] == BETWEEN):
        rows.append(
            (f"{clock.calls[name] / steps:.0f}", f"{1e6 * seconds / steps:.1f}", f"{seconds / whole:.1%}", name)
        )
    rows.append(("", f"{1e6 * whole / steps:.1f}", "", "the step"))
    return "\n".join(f"{calls:>5}  {time:>11}  {share:>6}  {name}" for calls, time, share, name in rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workload", nargs="?", choices=list(WORKLOADS), default="two_layer", metavar="workload")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--precision", choices=PRECISIONS, default=FLOAT32)
    arguments = parser.parse_args()
    inputs = Inputs.of(WORKLOADS[arguments.workload])
    solver = ours.make_solver(inputs, arguments.precision)
    time_steps(solver, inputs, max(arguments.steps // 10, 3))  # to warm up, and to import the kernels
    bare = statistics.median(time_steps(solver, inputs, arguments.steps))
    clock = Clock()
    attach(clock, solver)
    time_steps(solver, inputs, arguments.steps)
    print(f"{arguments.workload}, {backend.describe()}; without the clocks {1e6 * bare:.1f} µs (median)")
    print(table(clock, arguments.steps))


if __name__ == "__main__":
    main()
