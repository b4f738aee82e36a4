"""Runs of MLflow: with its module where it is installed, and always with one that keeps what it is told."""

import sys
from contextlib import suppress

import pytest

from backhand.errors import BackhandError, BackhandWarning
from backhand.extras import MissingExtraError
from backhand.loggers import MLflowLogger
from tests.loggers import trackers
from tests.loggers.interrupted import Killer, resumed


@pytest.fixture
def server(monkeypatch):
    return trackers.install_mlflow(monkeypatch)


def curve(run, name):
    return [(step, value) for key, value, step in run.metrics if key == name]


def test_a_run_has_settings_metrics_and_an_end(server, make_solver, blobs):
    logger = MLflowLogger("digits", name="first", uri="http://here", every_steps=4)
    solver = make_solver(callbacks=[logger])
    solver.fit(*blobs, epochs=2)
    (run,) = server.runs.values()
    assert (server.uris, server.experiments, run.experiment, run.name) == (
        ["http://here"],
        {"digits": "e0"},
        "e0",
        "first",
    )
    assert run.params["optimizer.lr"] == "0.1"
    assert curve(run, "train_loss") == [(record["step"], record["train_loss"]) for record in solver.history]
    assert [step for step, _ in curve(run, "step_loss")] == [4, 8]
    assert curve(run, "final_train_loss") == [(8, solver.history[-1]["train_loss"])]
    assert run.status == ["RUNNING", "FINISHED"]


@pytest.mark.parametrize(("save", "kill"), [(4, 11), (6, 15)])
def test_a_resumed_training_goes_on_in_the_same_run_without_double_points(save, kill, server, make_solver, blobs):
    make_solver(callbacks=[MLflowLogger(every_steps=1)]).fit(*blobs, epochs=4)
    resumed(make_solver, blobs, lambda: MLflowLogger(every_steps=1), save=save, kill=kill, epochs=4)
    whole, broken = server.runs.values()
    assert broken.status == ["RUNNING", "FAILED", "RUNNING", "FINISHED"]
    for name in ("train_loss", "epoch", "step_loss", "final_validation_loss"):
        assert curve(broken, name) == curve(whole, name), name


def test_a_training_that_was_killed_before_its_first_state_goes_on_in_the_same_run(
    server, make_solver, blobs, tmp_path
):
    file = tmp_path / "here" / "run.txt"
    with suppress(KeyboardInterrupt):
        make_solver(callbacks=[MLflowLogger(every_steps=1, run_file=file), Killer(99, 6)]).fit(*blobs, epochs=4)
    assert file.read_text() == "r0\n"
    server.runs["r0"].params.pop("optimizer.lr")  # as if it had been killed while it wrote them
    make_solver(callbacks=[MLflowLogger(every_steps=1, run_file=file)]).fit(*blobs, epochs=4)
    (run,) = server.runs.values()
    assert run.params["optimizer.lr"] == "0.1"
    assert [step for step, _ in curve(run, "train_loss")] == [4, 8, 12, 16]
    assert [step for step, _ in curve(run, "step_loss")] == list(range(1, 17))
    assert not file.exists()
    make_solver(callbacks=[MLflowLogger(run_file=file)]).fit(*blobs, epochs=1)
    assert len(server.runs) == 2  # the training before ended, so that this one is new


def test_a_new_training_is_a_new_run_of_the_same_experiment(server, make_solver, blobs):
    logger = MLflowLogger()
    for _ in range(2):
        make_solver(callbacks=[logger]).fit(*blobs, epochs=1)
    assert [run.experiment for run in server.runs.values()] == ["e0", "e0"]


def test_a_server_that_does_not_answer(server, make_solver, blobs):
    server.broken = True
    with pytest.raises(BackhandError, match=r"^the log of MLflowLogger cannot begin: no answer from the server$"):
        make_solver(callbacks=[MLflowLogger()]).fit(*blobs, epochs=1)
    server.broken = False
    logger = MLflowLogger(keep_open=True)
    solver = make_solver(callbacks=[logger])
    solver.fit(*blobs, epochs=1)
    server.broken = True
    with pytest.warns(BackhandWarning, match="the training goes on: no answer from the server"):
        solver.fit(*blobs, epochs=3)
    assert len(solver.history) == 3


def test_without_the_package_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(
        MissingExtraError, match=r"^a log for MLflow needs mlflow-skinny.*`pip install 'backhand\[mlflow\]'`$"
    ):
        MLflowLogger()


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_mlflow_itself_keeps_the_run(make_solver, blobs, tmp_path):
    pytest.importorskip("mlflow.tracking")
    pytest.importorskip("alembic")
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    resumed(make_solver, blobs, lambda: MLflowLogger(uri=uri, every_steps=1), save=6, kill=15, epochs=4)
    from mlflow.tracking import MlflowClient

    client = MlflowClient(uri)
    (run,) = client.search_runs([client.get_experiment_by_name("backhand").experiment_id])
    assert run.info.status == "FINISHED"
    assert run.data.params["optimizer.lr"] == "0.1"
    assert [metric.step for metric in client.get_metric_history(run.info.run_id, "train_loss")] == [4, 8, 12, 16]
    steps = [metric.step for metric in client.get_metric_history(run.info.run_id, "step_loss")]
    assert steps == list(range(1, 17))
