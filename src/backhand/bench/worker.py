"""A process that has one program's step ready, and takes as many as it is told: `python -m backhand.bench.worker`.

It reads a number of steps a line from standard input, blocked between them, and answers each with a line of JSON. That
way no pool of threads spins while another program is timed, and a program's memory is its own.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

STATUS = Path("/proc/self/status")


def resident(figure: str = "VmHWM") -> float | None:
    """The most resident memory that this process has had so far, in MiB, or what it has now (VmRSS).

    None where the system does not tell. Not by `getrusage`: a process inherits its peak from the one that started it.
    """
    try:
        lines = STATUS.read_text("utf-8").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(figure)), None)


def take(step: Callable[[], float], count: int) -> dict[str, Any]:
    """`count` steps: the milliseconds and the loss of each, and the process's peak memory after them."""
    times, losses = [], []
    for _ in range(count):
        begin = perf_counter()
        losses.append(step())
        times.append(1e3 * (perf_counter() - begin))
    return {"ms": times, "losses": losses, "peak_mib": resident()}


def main(program: str, inputs: str) -> None:
    """Serve the steps of `program`, a module with `start(Inputs) -> Step`, on the inputs in a file."""
    answers = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no answer
    begin = perf_counter()
    module = import_module(program)
    imported = perf_counter() - begin
    from backhand.bench.inputs import Inputs
    from backhand.machine import blas

    step = module.start(Inputs.load(Path(inputs)))
    print(json.dumps({"import_seconds": imported, "blas": blas()}), file=answers)
    for line in sys.stdin:
        print(json.dumps(take(step, int(line))), file=answers)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C is for whoever asked for the steps
    main(*sys.argv[1:])
