"""Chooses the backend and the threads that trainings run on: as the options say, or as a resumed experiment had."""

import warnings
from functools import cache
from pathlib import Path

from backhand import backend
from backhand.console.terminal import make_console
from backhand.errors import BackhandWarning
from backhand.experiments.environment import Options
from backhand.files import locations
from backhand.machine import cores


def choose(name: str | None, threads: int | None, folder: Path | None = None) -> None:
    """Use this backend and number of threads; without one, the choice of the experiment in the folder, if there is one.

    The first kernel that has to be compiled is announced, because that takes a while.
    Raises BackhandError for an unknown backend, and for more threads than there are cores.
    """
    wanted, before = threads, Options() if folder is None else Options.of(folder)
    if threads is None and before.threads is not None and before.threads <= cores():
        threads = before.threads
        if threads != backend.threads():
            make_console().print(
                f"on {threads} thread{'s' * (threads > 1)}, as before; another number gives other last digits"
            )
    name = name or before.backend
    if name is not None or threads is not None:
        backend.use(name or backend.chosen(), threads)
    if wanted is not None and backend.threads() is None:
        warnings.warn("--threads is for kernels; NumPy, which runs the references, has its own", BackhandWarning, 2)
    _announce()


@cache  # once for a process
def _announce() -> None:
    compiled: list[str] = []

    def on_compile(kernel: str) -> None:
        if not compiled:
            reuse = "; they are kept for the next time" if locations.cache_dir() else ""
            make_console().print(f"compiling kernels for this processor{reuse}")
        compiled.append(kernel)

    backend.announce(on_compile)
