"""The processes that MPI has started together, numbered by their ranks, and what they exchange."""

import socket
import time
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from backhand import extras
from backhand.arrays import Array
from backhand.machine import cores, rank_of_mpi

if TYPE_CHECKING:
    from mpi4py import MPI

Item = TypeVar("Item")
Order = Callable[["Ranks"], object]
POLL = 0.01  # seconds between two looks at what an idle process waits for: MPI's own waiting takes a whole core


class Ranks:
    """The processes of an MPI communicator. Every method but `abort` must be called by all of them, in the same order.

    rank: the number of this process, from 0.   size: how many there are.   local: how many of them run on this host.
    busy: whether all are within a training, so that none of them may leave it alone.
    """

    def __init__(self, communicator: "MPI.Intracomm") -> None:
        from mpi4py import MPI

        communicator.Set_errhandler(MPI.ERRORS_RETURN)
        self._in_place, self._communicator = MPI.IN_PLACE, communicator
        self.rank, self.size = communicator.Get_rank(), communicator.Get_size()
        self.busy = False
        self.local = communicator.Split_type(MPI.COMM_TYPE_SHARED).Get_size()

    @property
    def leads(self) -> bool:
        """Whether this is the process that writes and prints."""
        return self.rank == 0

    def __str__(self) -> str:
        """The rank of this process and its host."""
        return f"rank {self.rank} on {socket.gethostname()}"

    def threads(self) -> int:
        """The share of this process in the cores of its host."""
        return max(cores() // self.local, 1)

    def sum(self, values: Array) -> Array:
        """Replace the values, in place, by their sums over all processes; returns them."""
        self._communicator.Allreduce(self._in_place, values)
        return values

    def start_sum(self, values: Array) -> "MPI.Request":
        """Begin `sum`; returns a request with methods `Wait` and `Test`. Until it ends the values must be left alone.

        MPI may send and receive only while one of its functions is called: `Test` lets it go on.
        """
        return self._communicator.Iallreduce(self._in_place, values)

    def start_gather(self, numbers: Array) -> Callable[[], Array]:
        """Begin to gather float64 numbers (k,), as many of each process; returns what waits for the table (N, k)."""
        table = np.empty((self.size, numbers.size))
        request = self._communicator.Iallgather(numbers, table)

        def wait() -> Array:
            request.Wait()
            return table

        return wait

    def gather(self, item: Item) -> list[Item]:
        """The item of every process, by rank."""
        return self._communicator.allgather(item)

    def broadcast(self, item: Item) -> Item:
        """The item of rank 0, on every process."""
        return self._communicator.bcast(item)

    def meet(self) -> None:
        """Wait until all processes are here, without keeping a core busy."""
        request = self._communicator.Ibarrier()
        while not request.Test():
            time.sleep(POLL)

    def order(self, order: Order | None) -> None:
        """On rank 0: have every other process call this function, which `follow` waits for; None ends them."""
        self.meet()
        self.broadcast(order)

    def follow(self) -> None:
        """On every process but rank 0: carry out one order after the other until there are no more."""
        while True:
            self.meet()
            order: Order | None = self.broadcast(None)
            if order is None:
                return
            order(self)

    def abort(self, status: int) -> None:
        """End all processes at once, with this exit status, because this one cannot go on."""
        self._communicator.Abort(status)


def single() -> Ranks:
    """The ranks of a process by itself, whatever was started with it."""
    from mpi4py import MPI

    return Ranks(MPI.COMM_SELF)


@cache
def launched() -> Ranks | None:
    """The processes that mpiexec has started together, this one among them; None where it runs alone.

    To be called by all of them.

    Raises MissingExtraError where mpi4py is not installed.
    """
    if rank_of_mpi() is None:
        return None
    purpose = "a training by several processes of mpiexec"
    extras.MPI.require(purpose)
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:
        raise extras.MissingExtraError(
            f"{purpose} needs an MPI library, which mpi4py cannot load ({error}); install one by `{extras.MPI.command}`"
        ) from error

    return Ranks(MPI.COMM_WORLD) if MPI.COMM_WORLD.Get_size() > 1 else None


def present() -> Ranks | None:
    """What `launched` has given, where it has been called: all processes must call it, or none."""
    return launched() if launched.cache_info().currsize else None
