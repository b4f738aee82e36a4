"""What importing costs, each time in a fresh process."""

import subprocess
import sys

IMPORTS = {
    "backhand": "backhand",
    "all that trains": "backhand.training.solver",
    "the kernels' compiler": "backhand.kernels.jit",
}
SCRIPT = "import time; begin = time.perf_counter(); import {}; print(time.perf_counter() - begin)"


def import_seconds(module: str) -> float | None:
    """Seconds that an import takes; None where there is no such module, or not all that it needs."""
    done = subprocess.run([sys.executable, "-c", SCRIPT.format(module)], capture_output=True, text=True, check=False)
    return None if done.returncode else float(done.stdout)
