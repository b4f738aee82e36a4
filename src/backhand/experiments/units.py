"""The work of an experiment in units, which any executor of `concurrent.futures` runs.

That is this process, several processes, or a cluster: Dask's `Client.get_executor()`, mpi4py's `MPIPoolExecutor`.

A unit is a function of a module with its settings. Both can be pickled, and so can its result; whatever else it needs,
it loads itself. Only the process that hands out the units writes files.
"""

import multiprocessing
import os
import signal
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial, wraps
from multiprocessing.connection import wait as wait_for
from typing import Any, Generic, ParamSpec, TypeVar

from backhand import backend
from backhand.console.terminal import make_console
from backhand.errors import BackhandError, BackhandWarning
from backhand.experiments.cluster.cluster import Cluster
from backhand.experiments.cluster.progress import Progress
from backhand.experiments.cluster.remote import Answer, Remote
from backhand.experiments.cluster.work import Work
from backhand.experiments.cluster.worker import Worker
from backhand.machine import cores

Key = TypeVar("Key")
Result = TypeVar("Result")
P = ParamSpec("P")
Workers = int | Executor  # how many processes share the work, or an executor of one's own
POLL = 1.0  # seconds between two looks at how many workers an executor has
BLAS_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


class Serial(Executor):
    """Runs each unit where it is submitted, before anything else happens."""

    def submit(self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any) -> "Future[Result]":
        """The future of a call that has ended. What the call raises is raised at once."""
        future: Future[Result] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def capacity(executor: Executor) -> int:
    """How many units the executor can run at once now; of a cluster this may change, and be 0 while it has no worker.

    A cluster runs one unit per worker. For other executors it is the number of their workers, and 1 where they do not
    say it.
    """
    if isinstance(executor, Cluster):
        return executor.capacity
    return int(getattr(executor, "_max_workers", 1))  # of pools of threads and of processes, and of mpi4py's


def results(
    units: Iterable[tuple[Key, Callable[[], Result]]], workers: Workers, progress: Progress | None = None
) -> Iterator[tuple[Key, Result]]:
    """Yield the result of each unit with its key as soon as it is complete.

    Units are taken from the iterable when a worker is free. On an executor they travel as `cluster.remote` says: a
    worker of another version or with other data is refused, and the folder of a whole run comes back before its result.
    progress: is given the workers and the units that each has done.
    Raises what a unit raises, and BackhandError where a worker died; units that have not begun are then dropped.
    """
    if isinstance(workers, Executor):
        yield from _from_executor(units, workers, progress or Progress(make_console(quiet=True)))
        return
    if progress is not None:
        progress.begin(workers)
    with _executor(workers) as executor:
        remaining, running = iter(units), dict[Future[Result], Key]()
        while True:
            while len(running) < workers and (unit := next(remaining, None)) is not None:
                running[executor.submit(unit[1])] = unit[0]
            if not running:
                return
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield running.pop(future), future.result()


def _from_executor(
    units: Iterable[tuple[Key, Callable[[], Result]]], executor: Executor, progress: Progress
) -> Iterator[tuple[Key, Result]]:
    """Yield the results of units that an executor of the caller does, as `results` does; its owner ends it."""
    threads = executor.threads if isinstance(executor, Cluster) else None
    waiting = executor.waiting if isinstance(executor, Cluster) else ""
    remaining, running = iter(units), dict[Future[Answer[Result]], tuple[Key, Callable[[], Result]]]()
    head = Worker.here()
    try:
        while True:
            with _cluster_errors(executor):
                progress.begin(limit := capacity(executor), waiting)
            while len(running) < max(limit, 1) and (unit := next(remaining, None)) is not None:
                running[executor.submit(Remote.of(unit[1], threads))] = unit
            if not running:
                progress.close()
                return
            done, _ = wait(running, POLL, FIRST_COMPLETED)
            for future in sorted(done, key=_has_failed):  # so that no result is lost
                with _cluster_errors(executor):
                    answer = future.result()
                key, work = running.pop(future)
                if isinstance(work, Work) and work.folder is not None and answer.archive is not None:
                    answer.archive.unpack(work.folder)
                progress.unit_done(answer.worker, answer.data, head)
                yield key, answer.result
    finally:
        for future in running:
            future.cancel()


def _has_failed(future: "Future[Any]") -> bool:
    return future.cancelled() or future.exception() is not None


@contextmanager
def _cluster_errors(executor: Executor) -> Iterator[None]:
    """Raise BackhandError for errors of the executor itself; those of units are raised as they are."""
    try:
        yield
    except BrokenExecutor as error:
        raise BackhandError(
            "a worker ended before its work was done; perhaps its memory does not suffice: go on by --resume"
        ) from error
    except BaseException as error:
        if isinstance(executor, Cluster) and (sentence := executor.explained(error)) is not None:
            raise sentence from error
        raise


@contextmanager
def _executor(workers: int) -> Iterator[Executor]:
    """The executor that runs the units; processes that it starts end with the context, however that ends."""
    if workers == 1:
        try:
            yield Serial()
        finally:
            forget()
    else:
        with _worker_initialiser(workers) as initialiser, _processes(workers, initialiser) as pool:
            try:
                yield pool
            except BrokenProcessPool as error:
                raise BackhandError(
                    "a worker ended before its work was done; perhaps the memory does not suffice for so many: "
                    "go on with fewer --workers"
                ) from error


@contextmanager
def _processes(workers: int, initialiser: Callable[[], None]) -> Iterator[ProcessPoolExecutor]:
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initialiser)
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
def _worker_initialiser(workers: int) -> Iterator[Callable[[], None]]:
    """What a worker calls first, with its share of the threads. BLAS reads it from the environment when it loads."""
    threads = max(1, (backend.threads() or cores()) // workers)
    before = {name: os.environ.get(name) for name in BLAS_THREADS}
    os.environ.update(dict.fromkeys(BLAS_THREADS, str(threads)))
    try:
        yield partial(_start_worker, backend.chosen(), threads)
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def _start_worker(name: str, threads: int) -> None:
    """Let a worker end at once on Ctrl-C, and whenever the process that hands out the work ends."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    warnings.simplefilter("ignore", BackhandWarning)  # the other process has shown it already
    backend.use(name, threads)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for([parent.sentinel])
        os._exit(1)


class _Latest(Generic[P, Result]):
    """A function with its latest result, and the key of the call that gave it."""

    def __init__(self, function: Callable[P, Result], key: Callable[P, object]) -> None:
        self.function, self.key = function, key
        self.result: tuple[object, Result] | None = None  # with its key

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Result:
        key = self.key(*args, **kwargs)
        if self.result is None or self.result[0] != key:
            self.result = None  # the old result makes room for the new one
            self.result = key, self.function(*args, **kwargs)
        return self.result[1]


_CACHES: list[_Latest[..., Any]] = []


def latest(key: Callable[P, object]) -> Callable[[Callable[P, Result]], Callable[P, Result]]:
    """Keep a function's latest result for calls of an equal key: units in one process share what they have loaded."""

    def decorate(function: Callable[P, Result]) -> Callable[P, Result]:
        cache = _Latest(function, key)
        _CACHES.append(cache)
        return wraps(function)(lambda *args, **kwargs: cache(*args, **kwargs))

    return decorate


def forget() -> None:
    """Free the results that `latest` keeps in this process."""
    for cache in _CACHES:
        cache.result = None
