"""What a check changes of the process that it runs in; a process that runs a person's code is for nothing else."""

import os
import sys
from pathlib import Path

from backhand.check.source.gone import restore_gone_names
from backhand.check.source.strides import guard_strides

ENVIRONMENT = {
    "MPLBACKEND": "Agg",  # plots open no window
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_DISABLE_PERFORMANCE_WARNINGS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
# JAX compiles each operation anew for each shape, and every shape is met a few times only.
COMPILE_FAST = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"


def take_over_process(path: Path, *, raise_precision: bool) -> None:
    """Make this process one in which the file at `path` runs as if it had been started by itself.

    Sets the working directory to the file's folder, `sys.argv`, environment variables, and takes that folder off
    `sys.path`, since a person's `random.py` must not hide the one that libraries import. Gives NumPy the names that it
    no longer has, and keeps its views inside their arrays.
    """
    folder = path if path.is_dir() else path.parent
    os.chdir(folder)
    sys.argv = [path.name]
    os.environ.update(ENVIRONMENT)
    os.environ.setdefault("XLA_FLAGS", COMPILE_FAST)
    if raise_precision:
        os.environ["JAX_ENABLE_X64"] = "1"
    sys.path[:] = [entry for entry in sys.path if entry and Path(entry).resolve() != folder]
    restore_gone_names()
    guard_strides()
