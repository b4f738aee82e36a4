"""Every command of the guide on many machines, on this one."""

import os
import shlex
import subprocess
import sys
import time
from pathlib import Path
from shutil import which

import pytest

from tests.docs.markdown_pages import GUIDES, blocks

pytest.importorskip("distributed", reason="needs Dask")
SMALL = ("--set", "train.epochs=1", "--set", "data.train_size=100", "--threads", "1")
BIN = Path(sys.executable).parent
LINES = [line for block in blocks(GUIDES / "cluster.md", "sh") for line in block.splitlines()]


def words(beginning: str) -> list[str]:
    """The words of the line of the guide that begins so, with the program of this environment."""
    (line,) = (line for line in LINES if line.startswith(beginning))
    program, *rest = shlex.split(line)
    found = which(program, path=os.pathsep.join([str(BIN), os.environ.get("PATH", "")]))
    if found is None:
        pytest.skip(f"needs {program}")
    return [found, *rest]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the commands run, with the series of its guide, one seed for each cell."""
    (series,) = (block for block in blocks(GUIDES / "series.md", "toml") if '"width"' in block)
    (tmp_path / "width.toml").write_text(series.replace("seeds = 3", "seeds = 1"), "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    return tmp_path


def run(command: list[str], *more: str) -> str:
    done = subprocess.run([*command, *more], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_line_of_the_page_is_one_of_these() -> None:
    known = "dask scheduler", "dask worker", "backhand run width", "backhand run --resume", "mpiexec"
    assert [line for line in LINES if not line.startswith(known)] == []
    assert len(LINES) == len(known)


def test_a_dask_cluster(folder: Path) -> None:
    file, processes = folder / "scheduler.json", []
    own = ("--scheduler-file", str(file), "--no-dashboard")

    def start(command: list[str], *more: str) -> None:
        processes.append(subprocess.Popen([*command, *own, *more], stderr=subprocess.DEVNULL))

    try:
        start(words("dask scheduler"), "--host", "127.0.0.1", "--port", "0")
        deadline = time.monotonic() + 60
        while not file.exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        address = file.read_text().partition('"address": "')[2].partition('"')[0]
        worker = [word for word in words("dask worker") if word != "tcp://head:8786"]
        worker[worker.index("--nworkers") + 1] = "1"
        start(worker)
        series = [address if word == "tcp://head:8786" else word for word in words("backhand run width")]
        printed = run(series, *SMALL, "--out", "out")
        assert "6/6  width: " in printed
        assert ": 1 unit]" in printed
        resumed = [{"tcp://head:8786": address, "FOLDER": "out"}.get(word, word) for word in words("backhand run --re")]
        assert "6 are done" in run(resumed)
    finally:
        for process in processes[::-1]:
            process.terminate()  # so that the worker's nanny ends its processes
            process.wait()


def test_under_mpiexec(folder: Path) -> None:
    pytest.importorskip("mpi4py", reason="needs mpi4py")
    command = words("mpiexec")
    command[command.index("-n") + 1] = "3"
    command[command.index("backhand") : command.index("backhand") + 1] = [sys.executable, "-m", "backhand"]
    assert "6/6  width: " in run(command, *SMALL, "--out", "out")
