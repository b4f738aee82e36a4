"""Units on a Dask cluster: `dask scheduler` on one machine, `dask worker tcp://host:8786` on the others."""

import asyncio
import logging
import os
import pickle
import platform
import socket
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from typing import Any, TypeVar

import backhand
from backhand.errors import BackhandError
from backhand.experiments.cluster.cluster import Cluster, Share
from backhand.extras import DASK

Result = TypeVar("Result")
TIMEOUT = 8.0  # seconds in which a scheduler must answer


class DaskCluster(Cluster):
    """The executor of a Dask cluster. Workers join and leave while it runs; units of lost workers are done by others.

    A worker runs one unit at a time on all its threads, so that `dask worker --nthreads 4` is one of four threads.
    """

    def __init__(self, client: Any, address: str, threads: Share) -> None:
        super().__init__(threads)
        self.client, self.address = client, address
        self._executor = client.get_executor(pure=False)

    @property
    def capacity(self) -> int:
        """The number of workers now. Raises BackhandError where the scheduler is lost."""
        try:
            return len(self.client.nthreads())
        except (OSError, TimeoutError, ValueError) as error:
            raise self._lost() from error

    @property
    def waiting(self) -> str:
        """The sentence for a person while the cluster has no worker."""
        return (
            f"the cluster {self.address} has no worker now; units wait until one joins, such as by "
            f"`dask worker {self.address}`"
        )

    def submit(self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any) -> "Future[Result]":
        """Hand a call to the scheduler; its future is cancelled where the scheduler is lost."""
        if self.client.status != "running":
            raise self._lost()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of large units, which carry weights or an unfinished run
            future: Future[Result] = self._executor.submit(_carried(partial(fn, *args, **kwargs)))
        return future

    def explained(self, error: BaseException) -> BackhandError | None:
        """The sentence for a lost scheduler, killed workers, or machines that cannot read a unit."""
        from distributed import KilledWorker
        from distributed.comm.core import CommClosedError

        if isinstance(error, KilledWorker):
            return BackhandError(
                "the workers that began a unit ended one after the other; perhaps their memory does not suffice for "
                "it: start workers with more, and go on by --resume"
            )
        if isinstance(error, CancelledError | CommClosedError):
            return self._lost()
        if isinstance(error, ImportError) and error.path == "unit":
            return BackhandError(f"{error.msg}; install Backhand {backhand.__version__} there, and start it again")
        return None

    def _lost(self) -> BackhandError:
        return BackhandError(
            f"the connection to the cluster {self.address} is lost; see whether its scheduler still runs, and go on "
            f"by --resume"
        )


def _carried(call: Callable[[], Result]) -> Callable[[], Result]:
    """The call in a form that every machine of a cluster can pass on.

    A function inside a function travels with its code, so neither the scheduler nor a worker needs Backhand to receive
    it. A worker would end otherwise, and so would the next one that is given the unit.
    """
    content = pickle.dumps(call)

    def carried() -> Any:  # no name of Backhand may occur in it
        try:
            unit = pickle.loads(content)
        except (ImportError, AttributeError) as error:
            name = f"{socket.gethostname()}:{os.getpid()}"
            raise ImportError(f"worker {name} cannot read a unit of Backhand ({error})", path="unit") from None
        return unit()

    return carried


def own_threads() -> int:
    """The threads of the Dask worker in which this is called."""
    from distributed import get_worker

    return int(get_worker().state.nthreads)


@contextmanager
def connect(address: str, threads: int | None) -> Iterator[DaskCluster]:
    """The cluster of the scheduler at this address. Raises BackhandError as `cluster.connect` does."""
    DASK.require(f"--cluster {address}")
    import distributed

    for name in [name for name in logging.root.manager.loggerDict if name.partition(".")[0] == "distributed"]:
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what happens there is said in sentences
    connection: Any = distributed.Client  # which has no types
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # other versions are refused below
        try:
            with ThreadPoolExecutor(1) as thread:  # in which no event loop runs yet
                thread.submit(lambda: asyncio.run(_answer(address))).result()
            client: Any = connection(address, timeout=TIMEOUT, set_as_default=False, name="backhand")
        except (OSError, TimeoutError) as error:
            raise BackhandError(
                f"no Dask scheduler answers at {address}; start it by `dask scheduler`, and give the address that it "
                f"prints"
            ) from error
        except ValueError as error:
            raise BackhandError(f"--cluster {address} is no address of a Dask scheduler: {error}") from error
    try:
        _refuse_other_versions(client, address)
        yield DaskCluster(client, address, own_threads if threads is None else threads)
    finally:
        client.close(timeout=2)


async def _answer(address: str) -> None:
    """Return when the scheduler has answered, for which a client of Dask would wait for ever.

    Raises OSError or TimeoutError where it does not, and ValueError for what is no address.
    """
    from distributed.comm.addressing import get_address_host_port
    from distributed.comm.core import connect as open_connection

    get_address_host_port(address)
    comm: Any = await asyncio.wait_for(open_connection(address, timeout=TIMEOUT), TIMEOUT)  # type: ignore[no-untyped-call]
    comm.abort()


def _refuse_other_versions(client: Any, address: str) -> None:
    """Raises BackhandError for a scheduler or worker of another version of Dask or Python: units cannot be sent."""
    found = client.get_versions()
    machines = {f"the scheduler {address}": found["scheduler"]}
    machines |= {f"the worker {name}": versions for name, versions in found["workers"].items()}
    here = {"Dask": version("distributed"), "Python": _minor(platform.python_version())}
    for name, versions in machines.items():
        packages = (versions or {}).get("packages", {})
        there = {"Dask": packages.get("distributed"), "Python": _minor(packages.get("python") or "")}
        for package, ours in here.items():
            if there[package] not in (ours, "", None):
                raise BackhandError(
                    f"{name} has {package} {there[package]}, and this process has {ours}; install the same "
                    f"version on all machines, and start the cluster again"
                )


def _minor(version: str) -> str:
    """Python 3.11 of the version 3.11.7."""
    return ".".join(version.split(".")[:2])
