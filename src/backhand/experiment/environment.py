"""Where and with what a run was made."""

import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

import backhand

BLAS_LINE = "{internal_api} {version}, {architecture} kernels, {num_threads} threads"


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


def _blas() -> list[str]:
    """One line a loaded BLAS: its name, version, kernels and threads."""
    from threadpoolctl import threadpool_info

    pools = (pool for pool in threadpool_info() if pool["user_api"] == "blas")
    return [BLAS_LINE.format_map(_Known(pool)) for pool in pools]


class _Known(dict[str, Any]):
    """A dict that has a word for what it does not know."""

    def __missing__(self, key: str) -> str:
        return "unknown"
