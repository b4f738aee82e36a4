"""A real Dask cluster: the results of one process to the bit, and what becomes of workers that are lost or unlike."""

import json
import os
import signal
import time
from functools import partial
from pathlib import Path

import pytest
from rich.console import Console

from backhand import backend
from backhand.errors import BackhandError
from backhand.experiments import environment, units
from backhand.experiments.cluster import connect
from backhand.experiments.cluster.progress import Progress
from tests.experiments.cluster.daskcluster import customised, dask_cluster
from tests.experiments.earlierfolders import results
from tests.experiments.test_workers import COMMANDS, SMALL, ordered

pytest.importorskip("distributed", reason="needs Dask")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills processes")
KINDS = sorted(COMMANDS.keys() - {"search"})


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with dask_cluster(tmp_path_factory.mktemp("cluster"), workers=2) as processes:
        yield processes


@pytest.fixture(scope="module")
def lone(tmp_path_factory):
    """A scheduler whose workers the tests start and kill; a unit whose worker ends is not tried again."""
    options = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
    with dask_cluster(tmp_path_factory.mktemp("lone"), **options) as processes:
        yield processes


@pytest.mark.parametrize("kind", KINDS)
def test_a_cluster_finds_what_one_process_finds(kind, cluster, cli, tmp_path, monkeypatch):
    from tests.experiments import studytexts, test_workers

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("backhand.experiments.command.write_reports", lambda *_: [])  # which are slow to draw
    Path("few.toml").write_text(studytexts.series(test_workers.CELLS, test_workers.WHOLE))
    if kind == "extension":  # the workers run in another folder, so that what they read of this run has travelled
        assert cli("run", "digits", "--out", "first", *SMALL, "--set", 'data.classes=["0", "1", "2"]')[0] == 0
    alone, shared = Path("alone"), Path("shared")
    for folder, options in ((alone, ("--threads", 1)), (shared, ("--cluster", cluster.address))):
        status, output = cli(*COMMANDS[kind], *options, "--out", folder)
        assert status == 0, output
    assert ordered(results(shared)) == ordered(results(alone))
    assert "1 thread, Backhand" in output
    noted = json.loads((shared / "environment.json").read_text())["workers"]
    assert {line.split(",")[1] for line in noted} == {" 1 thread"}
    assert "workers" not in environment.read(alone).facts
    for path in alone.rglob("*.safetensors"):  # of the whole runs, which travelled as archives
        same = shared / path.relative_to(alone)
        assert same.read_bytes() == path.read_bytes() or path.name == "evidence.safetensors"
    names = {path.relative_to(alone).as_posix() for path in alone.rglob("*") if not path.name.startswith(".")}
    assert names == {path.relative_to(shared).as_posix() for path in shared.rglob("*") if path.name[0] != "."}


def die_once(mark: Path) -> str:
    """End the process as a lost machine does, unless that has happened before."""
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def wait_for(mark: Path) -> None:
    while not mark.exists():
        time.sleep(0.02)


class Listener(Console):
    """Calls a function with each line that is printed."""

    def __init__(self, hear):
        super().__init__(quiet=True)
        self.hear = hear

    def print(self, text="", **_):
        self.hear(text)


def test_a_killed_worker_is_replaced_by_one_that_joins(tmp_path):
    lines = []

    with dask_cluster(tmp_path / "dask", workers=1) as processes, connect(processes.address) as executor:

        def hear(text):
            lines.append(text)
            if "has no worker now" in text and processes.started[-1].poll() is not None:
                processes.work()

        while executor.capacity < 1:
            time.sleep(0.02)
        work = [(number, partial(die_once, tmp_path / "mark")) for number in range(3)]
        assert dict(units.results(work, executor, Progress(Listener(hear)))) == dict.fromkeys(range(3), "done")
        assert executor.capacity == 1
    (gone,) = (line for line in lines if "has no worker now" in line and "dask worker tcp://" in line)
    assert gone.startswith(f"the cluster {processes.address}")


def test_a_unit_that_ends_its_workers_is_given_up_in_a_sentence(lone, tmp_path):
    lone.work()
    with (
        connect(lone.address) as executor,
        pytest.raises(BackhandError, match=r"workers that began a unit ended .*; perhaps their memory .* --resume"),
    ):
        list(units.results([(0, kill_itself)], executor))


def kill_itself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def no_such_file() -> None:
    Path("no-such-file").read_text()


def test_an_error_of_a_unit_is_none_of_the_cluster(cluster):
    with connect(cluster.address) as executor, pytest.raises(FileNotFoundError, match="no-such-file"):
        list(units.results([(0, no_such_file)], executor))


def chosen_engine() -> tuple[str, int | None, int]:
    return backend.chosen(), backend.threads(), os.getpid()


def test_a_worker_of_another_version_is_refused_by_name(lone, tmp_path):
    code = "import backhand\nbackhand.__version__ = '0.0.9'\n"
    worker = lone.work(PYTHONPATH=customised(tmp_path / "other", code))
    with connect(lone.address) as executor, pytest.raises(BackhandError, match=r"worker \S+:\d+ has Backhand 0\.0\.9"):
        list(units.results([(0, chosen_engine)], executor))
    worker.kill()


def test_a_worker_without_backhand_is_refused_by_name(lone, tmp_path):
    code = "import sys\nsys.modules['backhand'] = None\n"
    worker = lone.work(PYTHONPATH=customised(tmp_path / "without", code))
    said = rf"worker \S+:{worker.pid} cannot read a unit of Backhand .*; install Backhand"
    with connect(lone.address) as executor, pytest.raises(BackhandError, match=said):
        list(units.results([(0, chosen_engine)], executor))
    worker.kill()


def test_a_scheduler_of_another_version_of_dask_is_refused(tmp_path):
    code = "import importlib.metadata as m\nold = m.version\n"
    code += "m.version = lambda name: '2020.1.0' if name == 'distributed' else old(name)\n"
    path = customised(tmp_path / "other", code)
    with (
        dask_cluster(tmp_path / "dask", PYTHONPATH=path) as processes,
        pytest.raises(BackhandError, match=r"the scheduler tcp://\S+ has Dask 2020\.1\.0, and this process has"),
        connect(processes.address),
    ):
        pass


def test_a_scheduler_that_is_lost_is_said_in_a_sentence(tmp_path):
    with dask_cluster(tmp_path / "dask", workers=1) as processes, connect(processes.address) as executor:

        def work():
            yield 0, partial(pow, 2, 3)
            yield 1, partial(wait_for, tmp_path / "never")

        coming = units.results(work(), executor)
        assert next(coming) == (0, 8)
        processes.scheduler.kill()
        with pytest.raises(BackhandError, match=r"the connection to the cluster tcp://\S+ is lost; .* --resume"):
            next(coming)
