"""The other end of `worker`: programs that are started, told to take steps, and ended."""

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

# Where programs keep what they have compiled: this one, and PyTorch.
CACHES = ("BACKHAND_CACHE", "TORCHINDUCTOR_CACHE_DIR")


@dataclass(frozen=True)
class Program:
    """What trains: a name for tables, and a module with `start(Inputs) -> Step`; `folder` is where it lies."""

    name: str
    module: str
    folder: Path | None = None

    def __str__(self) -> str:
        return self.name


OURS = Program("backhand", "backhand.bench.ours")


@dataclass(frozen=True)
class Steps:
    """What some steps cost: milliseconds and loss of each; the process's peak memory after them, MiB."""

    ms: list[float]
    losses: list[float]
    peak_mib: float | None


class Worker:
    """A program in a process of its own, ready to take steps on the inputs in a file; to be used in a `with`.

    `cache` is the folder for compiled code; without it, wherever the program keeps it. `import_seconds` is what
    importing the program took, `blas` what NumPy computes with there.
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
        """Take so many. Raises BackhandError when the process has ended."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):  # then there is no answer either
            self.process.stdin.write(f"{count}\n")
            self.process.stdin.flush()
        return Steps(**self._answer())

    def close(self) -> None:
        """End the process."""
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
            raise BackhandError(f"{self.program} ended before it was done; what it said stands above")
        return dict(json.loads(line))


def environment(program: Program, cache: Path | None) -> dict[str, str]:
    """The variables of a program's process: no overrides of OpenBLAS, which would slow some of them alone."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}
    variables |= backend.variables()
    if cache is not None:
        variables |= dict.fromkeys(CACHES, str(cache))
    if program.folder is not None:
        paths = [str(program.folder), variables.get("PYTHONPATH", "")]
        variables["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    return variables
