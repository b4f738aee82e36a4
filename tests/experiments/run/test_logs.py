"""Runs with logs and callbacks: what is written, what is refused before anything is, and what a resume changes."""

import csv
import json
import sys
from pathlib import Path

import pytest

from backhand.errors import BackhandError, DivergenceError, StudyError
from backhand.experiments.run import work
from backhand.extras import MissingExtraError
from backhand.study import load
from backhand.training.callbacks import Callback
from tests.loggers import trackers

SMALL = ["train.epochs=3", "model.hidden=[16]", "train.keep_states=true"]


@pytest.fixture
def wandb(monkeypatch):
    module = trackers.Wandb()
    monkeypatch.setitem(sys.modules, "wandb", module)
    return module


@pytest.fixture
def server(monkeypatch):
    return trackers.install_mlflow(monkeypatch)


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def history(folder):
    return [json.loads(line) for line in (folder / "history.jsonl").read_text("utf-8").splitlines()]


def numbers(table):
    return [{key: float(value) for key, value in row.items()} for row in table]


def test_a_run_writes_the_logs_that_its_study_names(base, wandb, server, tmp_path):
    log = 'log={csv=true, tensorboard=true, every_steps=5, mlflow={uri="http://here"}, wandb={offline=true}}'
    metrics = work.run(load(base, [*SMALL, log]), tmp_path / "run", quiet=True)
    assert numbers(rows(tmp_path / "run" / "log.csv")) == history(tmp_path / "run")
    assert [int(row["step"]) for row in rows(tmp_path / "run" / "log-steps.csv")][:3] == [5, 10, 15]
    assert list((tmp_path / "run" / "tensorboard").glob("events.out.tfevents.*"))
    (tracked,), (run,) = server.runs.values(), wandb.runs
    assert (server.uris, tracked.name, run.options["name"]) == (["http://here"], "base", "base")
    assert (tracked.params["train.optimizer.lr"], run.options["config"]["model.hidden"]) == ("0.05", "[16]")
    assert tracked.status == ["RUNNING", "FINISHED"]
    assert run.summary["final/test_accuracy"] == metrics.test.accuracy
    assert run.summary["final/chosen_epoch"] == metrics.training.chosen_epoch
    assert run.ended == [0]
    assert run.options["dir"] == str(tmp_path / "run")


PACKAGES = {
    "mlflow": ("mlflow={}", "a log for MLflow needs mlflow-skinny"),
    "wandb": ("wandb={}", "a log for Weights & Biases needs wandb"),
    "tensorboard": ("tensorboard=true", "a log for TensorBoard needs tensorboard"),
}
SEARCH = "[search]\nspace = { 'train.optimizer.lr' = [0.01, 0.1] }\nmethod = 'grid'\nseeds = 1\n"
SERIES = """
name = "logged"
title = "Logged"
minutes = 1
memory = 1
[[parts]]
name = "all"
title = "All"
study = "digits"
whole = true
set = {{ "log.{name}" = {value}, "train.epochs" = 1 }}
"""


@pytest.mark.parametrize("name", PACKAGES)
def test_a_logger_that_is_not_installed_is_refused_before_anything_is_written(name, base, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match=rf"install it by `pip install 'backhand\[{name}\]'`$"):
        work.run(load(base, [f"log.{PACKAGES[name][0]}"]), tmp_path / "run", quiet=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("earlier", ["csv=true, every_steps=2", "csv=true, tensorboard=true"])
def test_a_run_whose_log_cannot_begin_leaves_nothing(base, cli, server, tmp_path, earlier):
    server.broken = True
    out = tmp_path / "new" / "run"
    status, said = cli("run", base, "--set", f"log={{{earlier}, mlflow={{}}}}", "--out", out)
    assert status == 2
    assert said.endswith(" error: the log of MLflowLogger cannot begin: no answer from the server")
    assert list(tmp_path.iterdir()) == []


def test_a_resumed_run_whose_log_cannot_begin_stays_as_it_was(base, server, tmp_path):
    folder = tmp_path / "run"
    work.run(load(base, SMALL), folder, quiet=True)
    before = {path: path.read_bytes() for path in folder.rglob("*")}
    server.broken = True
    longer = load(base, [*SMALL, "train.epochs=5", "log={csv=true, mlflow={}}"])
    with pytest.raises(BackhandError, match="the log of MLflowLogger cannot begin: no answer from the server"):
        work.run(longer, folder, resume=True, quiet=True)
    assert {path: path.read_bytes() for path in folder.rglob("*")} == before


@pytest.mark.parametrize("kind", ["run", "search", "series", "resume"])
@pytest.mark.parametrize("name", PACKAGES)
def test_the_program_says_how_to_install_a_logger_before_anything_is_trained(
    name, kind, base, cli, monkeypatch, tmp_path
):
    setting, sentence = PACKAGES[name]
    sentence = f"error: {sentence}; install it by `pip install 'backhand[{name}]'`"
    out, study = tmp_path / "out", tmp_path / "study.toml"
    arguments = ["run", study, "--set", f"log.{setting}", "--out", out]
    if kind == "series":
        study.write_text(SERIES.format(name=name, value=setting.partition("=")[2]), "utf-8")
        arguments = ["run", study, "--out", out]
    else:
        study.write_text(Path(base).read_text("utf-8") + (SEARCH if kind == "search" else ""), "utf-8")
    if kind == "resume":
        assert cli("run", study, "--set", "train.epochs=1", "--out", out)[0] == 0
        arguments = ["run", "--resume", out, "--set", f"log.{setting}"]
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.setitem(sys.modules, name, None)
    assert cli(*arguments) == (2, sentence)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_resumed_run_may_have_other_logs(base, wandb, tmp_path):
    folder = tmp_path / "run"
    work.run(load(base, [*SMALL, "log.csv=true"]), folder, quiet=True)
    longer = load(base, [*SMALL, "train.epochs=5", "log={csv=true, wandb={}}"])
    work.run(longer, folder, resume=True, quiet=True)
    assert [int(row["epoch"]) for row in rows(folder / "log.csv")] == [1, 2, 3, 4, 5]
    (run,) = wandb.runs
    assert [figures["epoch"] for _, figures in run.logged] == [4, 5]


class Killed(Callback):
    """Ends the training after its third step, before any state is saved."""

    def on_step_end(self, solver):
        if solver.step == 3:
            raise KeyboardInterrupt


def test_a_run_that_was_killed_before_its_first_state_goes_on_in_the_same_logs(base, wandb, server, tmp_path):
    folder, study = tmp_path / "run", load(base, [*SMALL, "log={mlflow={}, wandb={}}"])
    with pytest.raises(KeyboardInterrupt):
        work.run(study, folder, quiet=True, callbacks=[Killed()])
    assert not list(folder.glob("state*"))
    assert (folder / "mlflow-run.txt").read_text() == "r0\n"
    assert (folder / "wandb-run.txt").read_text() == "w0\n"
    work.resume(folder, quiet=True)
    assert [run.status for run in server.runs.values()] == [["RUNNING", "FAILED", "RUNNING", "FINISHED"]]
    assert [run.id for run in wandb.runs] == ["w0", "w0"]
    assert not list(folder.glob("*-run.txt"))


def test_a_run_that_diverges_ends_its_logs_as_failed(base, wandb, tmp_path):
    study = load(base, [*SMALL, "train.optimizer.lr=1e20", "train.schedule.kind='constant'", "log.wandb={}"])
    with pytest.raises(DivergenceError):
        work.run(study, tmp_path / "run", quiet=True)
    assert [run.ended for run in wandb.runs] == [[1]]


class Counter(Callback):
    """How many epochs it has seen, before and after a resume."""

    def __init__(self):
        self.epochs = 0

    def on_epoch_end(self, solver):
        self.epochs += 1
        solver.history[-1]["counted"] = self.epochs

    def state(self):
        return {}, {"epochs": self.epochs}

    def load(self, arrays, facts):
        self.epochs = facts["epochs"]


def test_callbacks_are_called_and_their_state_is_given_back(base, tmp_path):
    folder, counters = tmp_path / "run", (Counter(), Counter())
    work.run(load(base, SMALL), folder, quiet=True, callbacks=counters[:1])
    work.run(load(base, [*SMALL, "train.epochs=5"]), folder, resume=True, quiet=True, callbacks=counters[1:])
    assert counters[1].epochs == 5
    assert [record["counted"] for record in history(folder)] == [1, 2, 3, 4, 5]


def test_callbacks_of_the_study_act_on_the_training(base, tmp_path):
    study = load(base, [*SMALL, 'callbacks=[{kind="limit", steps=7}]'])
    metrics = work.run(study, tmp_path / "run", quiet=True)
    assert (metrics.training.steps, metrics.training.stopped) == (7, "the limit of 7 steps")
    with pytest.raises(StudyError, match=r'callbacks: unknown callback "limits"; did you mean "limit"\?'):
        load(base, ['callbacks=[{kind="limits"}]'])
