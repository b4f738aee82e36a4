"""The machine that a process runs on: its processor, the cores it may use, the BLAS that NumPy found."""

import os
import platform
from pathlib import Path


def cores() -> int:
    """The cores that this process may use, where the system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cpu() -> str:
    """The processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def blas() -> str:
    """Each loaded BLAS (NumPy and SciPy bring one each): its name, version, kernels and threads."""
    from threadpoolctl import threadpool_info

    found = []
    for pool in threadpool_info():
        if pool["user_api"] == "blas":
            kernels = pool.get("architecture", "unknown")  # not every BLAS tells
            found.append(f"{pool['internal_api']} {pool['version']}, {kernels} kernels, {pool['num_threads']} threads")
    return "; ".join(found)
