"""Units on the processes of `mpiexec`: the first hands them out, the others do them, and one alone prints."""

import os
import subprocess
import sys
from pathlib import Path
from shutil import which

import pytest

from backhand.experiments.cluster import mpi
from tests.experiments import studytexts
from tests.experiments.earlierfolders import results
from tests.experiments.test_workers import CELLS, WHOLE, ordered

LAUNCHER = which("mpiexec", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))


@pytest.fixture
def series(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "few.toml").write_text(studytexts.series(CELLS, WHOLE))
    return tmp_path


SCRIPT = """
import sys, time
from functools import partial
from backhand.console import exits
from backhand.experiments import units
from backhand.experiments.cluster import connect, mpi
from tests.experiments.test_units import refuse

def program():
    with connect("mpi") as cluster:
        list(units.results([(0, partial(time.sleep, 100)), (1, refuse)], cluster))

if __name__ == "__main__":
    sys.exit(mpi.run(partial(exits.run_to_exit_status, program)))
"""


def under_mpi(*words: object) -> subprocess.CompletedProcess[str]:
    """Python with these words in three processes."""
    pytest.importorskip("mpi4py", reason="needs mpi4py")
    if LAUNCHER is None:
        pytest.skip("needs mpiexec")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [LAUNCHER, "-n", "3", sys.executable, *map(str, words)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_the_processes_of_mpiexec_find_what_one_process_finds(series, cli):
    assert cli("run", "few.toml", "--threads", 1, "--out", "alone")[0] == 0
    done = under_mpi("-m", "backhand", "run", "few.toml", "--threads", 1, "--out", "shared", "--cluster", "mpi")
    assert done.returncode == 0, done.stderr
    assert ordered(results(series / "shared")) == ordered(results(series / "alone"))
    assert done.stdout.count("folder: shared") == 1
    assert done.stdout.count("5/5  two: validation") == 1
    assert (series / "shared/two/000-seed-0/best.safetensors").exists()


def test_a_mistake_is_printed_once(series):
    done = under_mpi("-m", "backhand", "run", "digits", "--out", "new", "--cluster=mpi")
    assert done.returncode == 2
    assert done.stderr.count("digits is a single training") == 1
    assert not (series / "new").exists()


def test_an_error_waits_for_no_unit(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    done = under_mpi(tmp_path / "script.py")
    assert done.returncode == 2
    assert done.stderr.count("error: this unit cannot be done") == 1


@pytest.mark.parametrize(
    ("words", "chosen"),
    [
        (["run", "few.toml", "--cluster", "mpi"], True),
        (["run", "few.toml", "--cluster=mpi"], True),
        (["run", "mpi", "--cluster", "tcp://host:8786"], False),
        (["run", "few.toml"], False),
    ],
)
def test_the_command_line_chooses_it(words, chosen):
    assert mpi.is_chosen(words) is chosen


def test_without_mpiexec_the_program_runs_alone():
    pytest.importorskip("mpi4py", reason="needs mpi4py")
    assert mpi.run(lambda: 3) == 3
