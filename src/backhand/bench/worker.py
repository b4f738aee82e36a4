"""The worker process, which takes training steps of one program: `python -m backhand.bench.worker`.

It reads a number of steps from each line of standard input and answers with a line of JSON. Between them it waits
asleep, so that none of its threads spins while another program is timed; and its memory is that of one program alone.
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


def resident_mib(figure: str = "VmHWM") -> float | None:
    """The peak of the resident memory of this process so far, in MiB; with `VmRSS`, its resident memory now.

    None where the system does not report it. `getrusage` is of no use here: a process inherits the peak of the process
    that started it.
    """
    try:
        lines = STATUS.read_text("utf-8").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(figure)), None)


def time_steps(step: Callable[[], float], count: int) -> dict[str, Any]:
    """Take `count` steps: the milliseconds and the loss of each, and the process's peak memory after them."""
    times, losses = [], []
    for _ in range(count):
        start = perf_counter()
        losses.append(step())
        times.append(1e3 * (perf_counter() - start))
    return {"ms": times, "losses": losses, "peak_mib": resident_mib()}


def main(program: str, inputs: str) -> None:
    """Serve the steps of `program`, a module with `make_step(Inputs) -> Step`, on the inputs in a file."""
    answers = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)  # so that what a library prints is not taken for an answer
    start = perf_counter()
    module = import_module(program)
    import_seconds = perf_counter() - start
    from backhand.bench.inputs import Inputs
    from backhand.machine import blas

    step = module.make_step(Inputs.load(Path(inputs)))
    print(json.dumps({"import_seconds": import_seconds, "blas": blas()}), file=answers)
    for line in sys.stdin:
        print(json.dumps(time_steps(step, int(line))), file=answers)


if __name__ == "__main__":
    signal.signal(
        signal.SIGINT, signal.SIG_DFL
    )  # Ctrl-C ends the process that asked for the steps, and that one ends this
    main(*sys.argv[1:])
