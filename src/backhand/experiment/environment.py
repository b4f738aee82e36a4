"""Where and with what a run was made."""

import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

import backhand
from backhand import backend
from backhand.machine import blas, cores, cpu
from backhand.paths import command, without_password


def describe(seed: int) -> dict[str, Any]:
    """Versions, processor, BLAS, threads, seed, time and command of this process."""
    return {
        "backhand": backhand.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "platform": platform.platform(),
        "cpu": cpu(),
        "cores": cores(),
        "backend": backend.describe(),
        "blas": blas(),
        "seed": seed,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command([_program(), *map(without_password, sys.argv[1:])]),
    }


def _program() -> str:
    """The name that this process was started by."""
    path = Path(sys.argv[0])
    started_as_module = path.name == "__main__.py" and path.parent.name == "backhand"
    return "backhand" if started_as_module else path.name.removesuffix(".exe")
