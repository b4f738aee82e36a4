"""Units of work on other machines: a Dask cluster, or the processes of `mpiexec`.

`connect` gives the executor of a cluster, to which `experiments.units` hands the units. Results and whole folders
travel back as data, and only the process that hands out the units writes files, so no shared file system is needed.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from backhand.errors import BackhandError
from backhand.experiments.cluster.cluster import Cluster

MPI = "mpi"


@contextmanager
def connect(address: str, threads: int | None = None) -> Iterator[Cluster]:
    """The executor of the cluster at this address, for the `with` block.

    address: of a Dask scheduler, such as "tcp://host:8786", or "mpi" for the processes of `mpiexec`.
    threads: on how many threads each worker runs its units; None: on its share of the cores of its machine.
    Raises BackhandError for something that is no address, a cluster that does not answer, and one of other versions.
    """
    if address == MPI:
        from backhand.experiments.cluster import mpi

        with mpi.connect(threads) as cluster:
            yield cluster
    elif "://" in address:
        from backhand.experiments.cluster import dask

        with dask.connect(address, threads) as cluster:
            yield cluster
    else:
        raise BackhandError(
            f"--cluster {address} is no address of a cluster; give that of a Dask scheduler, such as "
            f"tcp://host:8786, or mpi for the processes of mpiexec"
        )
