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
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
    }
