"""What a worker says of itself, and its preparation for the units of a head, the process that hands them out."""

import os
import platform
import socket
import warnings
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Self

import numpy as np
from threadpoolctl import threadpool_limits

import backhand
from backhand import backend
from backhand.errors import BackhandError, BackhandWarning
from backhand.experiments.cluster.cluster import Share
from backhand.machine import cores, cpu


@dataclass(frozen=True)
class Worker:
    """A process that does units: its machine, the threads that its kernels use (None: NumPy has its own), versions."""

    host: str
    pid: int
    processor: str
    threads: int | None
    backhand: str
    python: str
    numpy: str
    numba: str

    @classmethod
    def here(cls) -> Self:
        """The description of this process."""
        return cls(
            host=socket.gethostname(),
            pid=os.getpid(),
            processor=cpu(),
            threads=backend.threads(),
            backhand=backhand.__version__,
            python=platform.python_version(),
            numpy=np.__version__,
            numba=_version("numba"),
        )

    @property
    def name(self) -> str:
        """The short name by which progress and errors show the worker, such as node3:4711."""
        return f"{self.host.partition('.')[0]}:{self.pid}"

    def __str__(self) -> str:
        """Return what the worker is, in words."""
        threads = "the threads of NumPy" if self.threads is None else f"{self.threads} thread{'s' * (self.threads > 1)}"
        packages = ["Backhand", self.backhand, "Python", self.python, "NumPy", self.numpy]
        packages += ["Numba", self.numba] if self.numba else []
        pairs = zip(packages[::2], packages[1::2], strict=True)
        return ", ".join((self.processor, threads, *map(" ".join, pairs)))

    def differences(self, other: "Worker") -> list[str]:
        """The packages whose versions are others than those of the other process, with both versions."""
        names = [name for name in ("python", "numpy", "numba") if getattr(self, name) != getattr(other, name)]
        return [f"{name} {getattr(self, name) or 'missing'} (here {getattr(other, name)})" for name in names]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def prepare(head: Worker, name: str, threads: Share | None) -> Worker:
    """Choose the backend of the head and these threads in this process; returns the description of the process.

    threads: None leaves them as they are.
    Raises BackhandError, which names the worker, for another version of Backhand and for more threads than cores.
    """
    here = Worker.here()
    if here.backhand != head.backhand:
        raise BackhandError(
            f"worker {here.name} has Backhand {here.backhand}, and this process has {head.backhand}; install the same "
            f"version on all machines, such as by `pip install backhand=={head.backhand}`, and start the workers again"
        )
    if here.name != head.name:
        warnings.simplefilter("ignore", BackhandWarning)  # the head has shown it already
    count = min(threads(), cores()) if callable(threads) else threads
    try:
        backend.use(name, count)
    except BackhandError as error:
        raise BackhandError(f"worker {here.name}: {error}") from None
    if count is not None:
        threadpool_limits(count, user_api="blas")
    return Worker.here()
