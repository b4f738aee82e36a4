"""The work of an experiment in units, which any executor of `concurrent.futures` runs.

That is this process, several processes, or a cluster: Dask's `Client.get_executor()`, mpi4py's `MPIPoolExecutor`.

A unit is a function of a module, with its settings, that can be pickled; so is what it returns. What it needs besides,
it loads for itself. Only the process that hands units out writes what they found.
"""

import multiprocessing
import os
import signal
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial, wraps
from multiprocessing.connection import wait as wait_for
from typing import Any, Generic, ParamSpec, TypeVar

from backhand import backend
from backhand.errors import BackhandError, BackhandWarning
from backhand.machine import cores

Key = TypeVar("Key")
Result = TypeVar("Result")
P = ParamSpec("P")
Workers = int | Executor  # how many processes share the work, or an executor of one's own
BLAS_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


class Serial(Executor):
    """Runs each unit where it is submitted, before anything else happens."""

    def submit(self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any) -> "Future[Result]":
        """The future of a call that has ended. What the call raises is raised at once."""
        future: Future[Result] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def results(units: Iterable[tuple[Key, Callable[[], Result]]], workers: Workers) -> Iterator[tuple[Key, Result]]:
    """The result of each unit with its key, as soon as it is there.

    No more units are drawn than there are workers free for them; an executor of one's own is given all at once.
    Raises what a unit raises, and BackhandError where a worker died; units that have not begun are then left undone.
    """
    with _executor(workers) as executor:
        most = workers if isinstance(workers, int) else None
        coming, running = iter(units), dict[Future[Result], Key]()
        while True:
            while (most is None or len(running) < most) and (unit := next(coming, None)) is not None:
                running[executor.submit(unit[1])] = unit[0]
            if not running:
                return
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield running.pop(future), future.result()


@contextmanager
def _executor(workers: Workers) -> Iterator[Executor]:
    """What runs the units; processes of ours end with the context, however it ends."""
    if isinstance(workers, Executor):
        yield workers  # whose owner ends it
    elif workers == 1:
        try:
            yield Serial()
        finally:
            forget()
    else:
        with _shared_out(workers) as begin, _processes(workers, begin) as pool:
            try:
                yield pool
            except BrokenProcessPool as error:
                raise BackhandError(
                    "a worker ended before its work was done; perhaps the memory does not suffice for so many: "
                    "go on with fewer --workers"
                ) from error


@contextmanager
def _processes(workers: int, begin: Callable[[], None]) -> Iterator[ProcessPoolExecutor]:
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), begin)
    try:
        yield pool
    except BaseException:
        running = list((pool._processes or {}).values())  # which shutdown forgets
        pool.shutdown(wait=False, cancel_futures=True)
        for process in running:  # no unit is waited for
            process.terminate()
        raise
    pool.shutdown()


@contextmanager
def _shared_out(workers: int) -> Iterator[Callable[[], None]]:
    """How a worker begins: with its share of the threads, which BLAS reads from the environment as it is loaded."""
    threads = max(1, (backend.threads() or cores()) // workers)
    before = {name: os.environ.get(name) for name in BLAS_THREADS}
    os.environ.update(dict.fromkeys(BLAS_THREADS, str(threads)))
    try:
        yield partial(_begin_worker, backend.chosen(), threads)
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def _begin_worker(name: str, threads: int) -> None:
    """Ctrl-C and the end of the process that hands out the work, however it ends, end a worker at once."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    warnings.simplefilter("ignore", BackhandWarning)  # the other process has said it
    backend.use(name, threads)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for([parent.sentinel])
        os._exit(1)


class _Latest(Generic[P, Result]):
    """A function, its latest result, and what that was asked with."""

    def __init__(self, function: Callable[P, Result], key: Callable[P, object]) -> None:
        self.function, self.key = function, key
        self.kept: tuple[object, Result] | None = None

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Result:
        asked = self.key(*args, **kwargs)
        if self.kept is None or self.kept[0] != asked:
            self.kept = None  # the old result makes room for the new one
            self.kept = asked, self.function(*args, **kwargs)
        return self.kept[1]


_KEPT: list[_Latest[..., Any]] = []


def latest(key: Callable[P, object]) -> Callable[[Callable[P, Result]], Callable[P, Result]]:
    """Keep a function's latest result for calls of an equal key: units in one process share what they have loaded."""

    def decorate(function: Callable[P, Result]) -> Callable[P, Result]:
        kept = _Latest(function, key)
        _KEPT.append(kept)
        return wraps(function)(lambda *args, **kwargs: kept(*args, **kwargs))

    return decorate


def forget() -> None:
    """Give back the memory of what units of this process have kept."""
    for each in _KEPT:
        each.kept = None
