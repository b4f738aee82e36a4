"""Where and with what a run was made."""

import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

import backhand


def describe(seed: int) -> dict[str, Any]:
    """Versions, processor, BLAS, threads, seed, time and command of this process."""
    return {
        "backhand": backhand.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "platform": platform.platform(),
        "cpu": _cpu(),
        "cores": _cores(),
        "blas": _blas(),
        "seed": seed,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
    }


def _cores() -> int:
    """The cores that this process may use, where the system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _blas() -> str:
    """Each loaded BLAS (NumPy and SciPy bring one each): its name, version, kernels and threads."""
    from threadpoolctl import threadpool_info

    found = []
    for pool in threadpool_info():
        if pool["user_api"] == "blas":
            kernels = pool.get("architecture", "unknown")  # not every BLAS tells
            found.append(f"{pool['internal_api']} {pool['version']}, {kernels} kernels, {pool['num_threads']} threads")
    return "; ".join(found)
