"""Programs that the tests start under mpiexec."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]  # where the programs of the tests are found
MPIEXEC = shutil.which("mpiexec", path=str(Path(sys.executable).parent)) or shutil.which("mpiexec")


def available():
    """Skip where MPI cannot be used."""
    pytest.importorskip("mpi4py", reason="mpi4py is not installed")
    if MPIEXEC is None:
        pytest.skip("there is no mpiexec")


def mpiexec(ranks, *words, **options):
    """The finished process of `mpiexec -n RANKS python WORDS`; alone for one rank."""
    available()
    call = [sys.executable, *map(str, words)]
    call = call if ranks == 1 else [MPIEXEC, "-n", str(ranks), *call]
    settings = {"capture_output": True, "text": True, "timeout": 300, "check": False, "cwd": ROOT, **options}
    return subprocess.run(call, **settings)
