"""What is common to all clusters: an executor that knows how many units its workers can run at once."""

from abc import abstractmethod
from collections.abc import Callable
from concurrent.futures import Executor

from backhand.errors import BackhandError

Share = int | Callable[[], int]  # a number of threads, or the function by which a worker finds out its own


class Cluster(Executor):
    """An executor whose workers are processes on other machines; each of them runs one unit at a time.

    threads: on how many threads a worker runs its units, or a function that says it on the worker.
    """

    def __init__(self, threads: Share) -> None:
        self.threads = threads

    @property
    @abstractmethod
    def capacity(self) -> int:
        """How many units can run at once now: the number of workers, which may change, and may be 0."""

    @property
    @abstractmethod
    def waiting(self) -> str:
        """The sentence for a person while there is no worker: what is waited for, and how to start one."""

    @abstractmethod
    def explained(self, error: BaseException) -> BackhandError | None:
        """The sentence for an error of the cluster itself, such as a lost scheduler; None for errors of units."""
