"""The machine that a process runs on: its system and processor, the cores it may use, the BLAS that NumPy loaded."""

import os
import platform
from pathlib import Path

POSIX = os.name == "posix"  # Linux and macOS; not Windows

# The variables by which MPICH, Open MPI and Slurm number processes, and those that say how many there are.
RANKS = {
    "PMI_RANK": "PMI_SIZE",
    "OMPI_COMM_WORLD_RANK": "OMPI_COMM_WORLD_SIZE",
    "PMIX_RANK": "SLURM_STEP_NUM_TASKS",
}


def cores() -> int:
    """The number of cores that this process may use, where the system says it; else the number of all cores."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def rank_of_mpi() -> int | None:
    """The number of this process among those that mpiexec or a batch system has started together.

    None for a process that was started alone.
    """
    numbers = (os.environ.get(rank, "") for rank, size in RANKS.items() if os.environ.get(size) != "1")
    return next((int(number) for number in numbers if number.isdigit()), None)


def cpu() -> str:
    """The name of the processor, as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def blas() -> str:
    """The name, version, kernels and threads of each loaded BLAS: NumPy and SciPy each bring one."""
    from threadpoolctl import threadpool_info

    libraries = []
    for pool in threadpool_info():
        if pool["user_api"] == "blas":
            name = f"{pool['internal_api']} {pool['version']}"
            kernels = pool.get("architecture", "unknown")  # not every BLAS says it
            libraries.append(f"{name}, {kernels} kernels, {pool['num_threads']} threads")
    return "; ".join(libraries)
