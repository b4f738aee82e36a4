"""Starts a worker process for each program, asks it for training steps, and ends it; see `worker`."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from backhand import backend
from backhand.errors import BackhandError
from backhand.precision import BFLOAT16, FLOAT32

# The variables that name the folder of compiled code, for Backhand and for PyTorch.
CACHE_VARIABLES = ("BACKHAND_CACHE", "TORCHINDUCTOR_CACHE_DIR")


@dataclass(frozen=True)
class Program:
    """A program that trains: its name in tables, and a module with `make_step(Inputs) -> Step`.

    folder: the folder that holds the module, where it is not on the path already.   precision: of its products.
    """

    name: str
    module: str
    folder: Path | None = None
    precision: str = FLOAT32

    def __str__(self) -> str:
        return self.name


BACKHAND = Program("backhand", "backhand.bench.ours")
BACKHAND_BFLOAT16 = Program("backhand_bf16", "backhand.bench.ours_bfloat16", precision=BFLOAT16)
PROGRAMS = {program.precision: program for program in (BACKHAND, BACKHAND_BFLOAT16)}


@dataclass(frozen=True)
class Steps:
    """What several steps cost: the milliseconds and the loss of each, and the peak memory of the process in MiB."""

    ms: list[float]
    losses: list[float]
    peak_mib: float | None


class Worker:
    """A program in a process of its own, ready to take steps on the inputs in a file. Use it in a `with` statement.

    cache: the folder for compiled code; without it, the program uses its own.   import_seconds: the time that
    importing the program took.   blas: the BLAS that NumPy uses in the process.
    """

    def __init__(self, program: Program, inputs: Path, cache: Path | None = None) -> None:
        self.program = program
        command = [sys.executable, "-m", "backhand.bench.worker", program.module, str(inputs)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(program, cache)
        )
        try:
            ready = self._answer()
        except BaseException:
            self.close()
            raise
        self.import_seconds: float = ready["import_seconds"]
        self.blas: str = ready["blas"]

    def steps(self, count: int) -> Steps:
        """Take this number of steps. Raises BackhandError when the process has ended."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):  # the process has ended, so that there is no answer either
            self.process.stdin.write(f"{count}\n")
            self.process.stdin.flush()
        return Steps(**self._answer())

    def close(self) -> None:
        """End the process, and wait until it has gone."""
        self.process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise BackhandError(f"{self.program} ended before it was done; its own error message is above")
        return dict(json.loads(line))


def environment(program: Program, cache: Path | None) -> dict[str, str]:
    """The environment variables of a program's process, without those of OpenBLAS, which would slow only some."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}
    variables |= backend.variables()
    if cache is not None:
        variables |= dict.fromkeys(CACHE_VARIABLES, str(cache))
    if program.folder is not None:
        paths = [str(program.folder), variables.get("PYTHONPATH", "")]
        variables["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    return variables
