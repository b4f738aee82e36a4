"""Searches whose trials an executor trains, in processes that have nothing but what they are sent."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import pytest

from backhand.errors import BackhandError
from backhand.experiments.cluster import connect
from backhand.experiments.search import elsewhere
from backhand.experiments.search import work as search
from backhand.experiments.search.owner import Access, Pace
from backhand.study import load
from tests.experiments import studytexts
from tests.experiments.cluster.daskcluster import dask_cluster

SEARCH = """
method = "random"
trials = 6
seeds = 1
space = { "train.optimizer.lr" = { low = 1e-3, high = 0.3, log = true } }
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(studytexts.searched(SEARCH, epochs=4))
    return path


@pytest.fixture(scope="module")
def executor():
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        yield pool


def values(record):
    return sorted((trial.assignment["train.optimizer.lr"], trial.value) for trial in record.trials)


@pytest.mark.parametrize("together", [1, 3])
def test_trials_are_asked_for_here_and_trained_elsewhere(file, tmp_path, executor, together):
    study = load(str(file), [f"search.together={together}"])
    alone = search.run(load(str(file)), tmp_path / "alone", quiet=True)
    record = search.run(study, tmp_path / "run", quiet=True, workers=executor)
    tolerance = 0 if together == 1 else 0.05
    assert [rate for rate, _ in values(record)] == [rate for rate, _ in values(alone)]
    assert [value for _, value in values(record)] == pytest.approx([value for _, value in values(alone)], abs=tolerance)
    assert len(record.trials[0].curve["validation_loss"]) == 4
    (tested,) = record.runs
    assert (tmp_path / "run" / tested.folder / "metrics.json").exists()
    if together == 1:
        assert (tested.test, tested.folder) == (alone.runs[0].test, "best-seed-0")


def test_pruning_needs_a_storage_that_the_workers_reach(file, tmp_path, executor):
    study = load(str(file), ["search.pruning=halving"])
    with pytest.raises(BackhandError, match=r"name one by --storage, or leave pruning out by --set search\.pruning=no"):
        search.run(study, tmp_path / "run", quiet=True, workers=executor)


def test_with_one_the_workers_prune_by_themselves(file, tmp_path, executor):
    study = load(str(file), ["search.pruning=halving", "train.epochs=9", "search.seeds=0", "search.trials=10"])
    access = Access(f"journal:{tmp_path / 'shared.journal'}", Pace(beat=0.2, dead=20.0, poll=0.05))
    record = search.run(study, tmp_path / "run", url=access, quiet=True, workers=executor)
    states = [trial.state for trial in record.trials]
    assert (len(states), "pruned" in states, "complete" in states) == (10, True, True)
    assert {path.name for path in (tmp_path / "run").iterdir()} <= {
        *("environment.json", "search.json", "study.toml", ".backhand.lock")
    }


def test_workers_are_sent_no_password(file, tmp_path, monkeypatch):
    sent = []
    monkeypatch.setattr(elsewhere, "_follow", lambda loop, shared, executor: sent.append(shared.url))
    loop = type("Loop", (), {"search": load(str(file), ["search.pruning=halving"]).search})()
    elsewhere.run(loop, "postgresql://me:secret@host/trials", None)
    assert sent == ["postgresql://me@host/trials"]


def test_workers_of_a_cluster_prune_with_the_password_of_their_environment(file, tmp_path, postgresql, monkeypatch):
    """Two workers of Dask, and a head whose password is in the address that its environment holds."""
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    monkeypatch.delenv("PGPASSWORD", raising=False)
    quoted = postgresql.password.replace(":", "%3A").replace("/", "%2F")
    name = postgresql.new_database()
    study = load(str(file), ["search.pruning=halving", "train.epochs=9", "search.seeds=0", "search.trials=10"])
    with dask_cluster(tmp_path / "dask") as processes:
        for _ in range(2):
            processes.work(PGPASSWORD=postgresql.password)
        with connect(processes.address) as cluster:
            access = Access(postgresql.url(name, f"careful:{quoted}"), Pace(beat=0.5, dead=20.0, poll=0.1))
            record = search.run(study, tmp_path / "run", url=access, quiet=True, workers=cluster)
        logs = "".join(path.read_text() for path in (tmp_path / "dask").glob("*.log"))
    states = [trial.state for trial in record.trials]
    assert (len(states), "pruned" in states) == (10, True)
    assert quoted not in logs
