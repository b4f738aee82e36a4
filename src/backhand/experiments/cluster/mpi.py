"""Units on the processes of `mpiexec`: the first hands them out, and the others do them."""

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, ClassVar, TypeVar

from backhand.console.exits import USER_ERROR
from backhand.console.termination import leave_to_the_first_process
from backhand.errors import BackhandError
from backhand.experiments.cluster.cluster import Cluster, Share
from backhand.extras import MPI
from backhand.machine import cores, rank_of_mpi

Result = TypeVar("Result")
OPTION, NAME = "--cluster", "mpi"


class MpiCluster(Cluster):
    """The executor of the processes that `mpiexec` has started, of which the first is this one."""

    def __init__(self, executor: Any, threads: Share) -> None:
        super().__init__(threads)
        self._executor = executor

    @property
    def capacity(self) -> int:
        """The number of processes that do units."""
        return int(self._executor.num_workers)

    @property
    def waiting(self) -> str:
        """The sentence for a cluster that has lost its processes, which `mpiexec` ends with this one."""
        return "the processes of mpiexec have ended"

    def submit(self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any) -> "Future[Result]":
        """Hand a call to a process that is free."""
        future: Future[Result] = self._executor.submit(fn, *args, **kwargs)
        _Here.unfinished.add(future)
        future.add_done_callback(_Here.unfinished.discard)
        return future

    def explained(self, error: BaseException) -> BackhandError | None:
        """None: `mpiexec` ends all processes when it loses one."""
        return None


class _Here:
    """What this process knows of its part while `run` lasts.

    executor: of the first process.   unfinished: the units that it waits for.   on_machine: how many processes do units
    on this machine.
    """

    executor: Executor | None = None
    unfinished: ClassVar[set[Future[Any]]] = set()
    on_machine = 1


def own_threads() -> int:
    """The share of this process of the cores of its machine."""
    return max(1, cores() // _Here.on_machine)


def is_chosen(arguments: Sequence[str]) -> bool:
    """Whether these words of a command line choose the processes of `mpiexec`."""
    return f"{OPTION}={NAME}" in arguments or (OPTION, NAME) in pairwise(arguments)


def run(program: Callable[[], int]) -> int:
    """Run the program in the first process of `mpiexec`, whose units the others do; returns the exit status.

    Without `mpiexec` or mpi4py the program runs alone, and `connect` says in it what is missing.
    """
    if not MPI.is_installed():
        return USER_ERROR if rank_of_mpi() else program()
    try:
        from mpi4py.futures import MPICommExecutor
        from mpi4py.MPI import COMM_TYPE_SHARED, COMM_WORLD
    except (ImportError, RuntimeError):  # mpi4py is there, and no MPI that it can load
        return USER_ERROR if rank_of_mpi() else program()
    if COMM_WORLD.size == 1:
        return program()
    machine = COMM_WORLD.Split_type(COMM_TYPE_SHARED)
    _Here.on_machine = max(1, machine.allreduce(int(COMM_WORLD.rank > 0)))
    if COMM_WORLD.rank > 0:
        leave_to_the_first_process()
    pool: Any = MPICommExecutor(COMM_WORLD, root=0)  # whose types do not know what it yields
    with pool as executor:
        if executor is None:
            return 0  # which has done units until now
        _Here.executor = executor
        return _run_first(program, COMM_WORLD)


def _run_first(program: Callable[[], int], world: Any) -> int:
    """Run the program. Where it ends while units run, as after an error, all processes end with it."""
    status: Any = 1
    try:
        status = program()
    except SystemExit as end:
        status = end.code or 0
        raise
    finally:
        if _Here.unfinished:
            sys.stdout.flush()
            sys.stderr.flush()
            world.Abort(status)
    return int(status)


@contextmanager
def connect(threads: int | None) -> Iterator[MpiCluster]:
    """The cluster of the processes that `mpiexec` has started. Raises BackhandError where there is only one."""
    MPI.require(f"{OPTION} {NAME}")
    if _Here.executor is None:
        raise BackhandError(
            f"{OPTION} {NAME} needs processes of mpiexec: one that hands out the units and others that do them; start "
            f"the command as `mpiexec -n 4 backhand ...`"
        )
    yield MpiCluster(_Here.executor, own_threads if threads is None else threads)
