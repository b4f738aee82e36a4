"""The time that imports take, each in a fresh process."""

import subprocess
import sys

IMPORTED_MODULES = {
    "backhand": "backhand",
    "training": "backhand.training.solver",
    "kernel compiler": "backhand.kernels.jit",
}
SCRIPT = "import time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"


def import_seconds(module: str) -> float | None:
    """The seconds that an import takes; None where the module, or one that it needs, is not installed."""
    process = subprocess.run([sys.executable, "-c", SCRIPT.format(module)], capture_output=True, text=True, check=False)
    return None if process.returncode else float(process.stdout)
