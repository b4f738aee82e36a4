"""Ctrl-C ends every command with status 130 and the command that goes on; that command gives the same again."""

import json
import os
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest

from backhand import backend, checkpoint
from tests.experiments import studytexts

SMALL = (
    "--set",
    "train.epochs=2",
    "--set",
    "data.train_size=200",
    "--set",
    "model.hidden=[8]",
    "--set",
    "train.keep_states=true",
)
SEARCH = 'search={space={"train.optimizer.lr"=[0.1]}, trials=1, seeds=1}'
SERIES = """
study = "digits"
set = { "train.epochs" = 1, "data.train_size" = 200, "model.hidden" = [8] }
"""
GRID = 'search.space={"model.hidden"=[[16]], "model.dropout"=[0.5]}'
OUT = "my runs; echo oh/x"


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch, engine) -> None:
    monkeypatch.chdir(tmp_path)
    Path("few.toml").write_text(studytexts.series(SERIES))
    monkeypatch.setattr(
        "backhand.experiments.reports.write", lambda folder: folder / "report.html"
    )  # which takes its time


def interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


SMALL_FOLDS = ("--against=tree", "--folds=2", "--train-size=300")
RESUMED = ["run", "--resume", OUT]
COMMANDS = {
    "run": (("run", "digits", "--out", OUT, *SMALL), RESUMED),
    "search": (("run", "digits", "--out", OUT, *SMALL, "--set", SEARCH), RESUMED),
    "series": (("run", "few.toml", "--out", OUT), RESUMED),
    "comparison": (
        ("compare", "digits", "--against=tree", "--folds=2", "--train-size=300", "--out", OUT),
        ["compare", *RESUMED[1:]],
    ),
    "question": (("ask", "dropout", "--set", "train.epochs=1", "--set", GRID, f"--out={OUT}"), ["ask", *RESUMED[1:]]),
}


@pytest.mark.parametrize("kind", COMMANDS)
@pytest.mark.parametrize("when", ["backhand.training.solver.Solver.train_epoch", "backhand.experiments.reports.write"])
def test_the_hint_of_every_kind_can_be_pasted(kind, when, cli, monkeypatch):
    words, onward = COMMANDS[kind]
    with monkeypatch.context() as patched:
        patched.setattr(when, interrupt)
        status, said = cli(*words)
    assert status == 130, said
    hint = said.rpartition("interrupted; go on with: ")[2]
    assert shlex.split(hint) == ["backhand", *onward]
    status, said = cli(*shlex.split(hint)[1:])
    assert status == 0, said
    assert "report.html" in said


def test_an_extension_goes_on_and_shows_the_same(cli, monkeypatch):
    assert cli("run", "digits", "--out", "first", *SMALL, "--set", 'data.classes=["0","1","2"]')[0] == 0
    words = ("extend", "first", "--data", "digits", "--classes", "3", "--with-old", "--no-afresh", "--no-tree")
    with monkeypatch.context() as patched:
        patched.setattr("backhand.training.solver.Solver.fit", interrupt)
        status, said = cli(*words, "--out", OUT)
    hint = said.rpartition("interrupted; go on with: ")[2]
    assert (status, shlex.split(hint)) == (130, ["backhand", "extend", "--resume", OUT])
    assert cli(*shlex.split(hint)[1:])[0] == 0


def test_all_series_go_on_by_the_same_command(cli, monkeypatch):
    monkeypatch.setattr("backhand.experiments.series.work.run", interrupt)
    status, said = cli("run", "all", "--threads", 1)
    assert (status, said.rpartition("interrupted; ")[2]) == (130, "go on with: backhand run all --threads 1")


@pytest.mark.parametrize(
    "when", ["backhand.experiments.build.load_study_splits", "backhand.model.sequential.Sequential.build"]
)
def test_what_was_not_begun_has_nothing_to_go_on_with(when, cli, monkeypatch):
    monkeypatch.setattr(when, interrupt)
    status, said = cli("run", "digits", "--out", OUT)
    assert (status, said.rpartition("interrupted; ")[2]) == (130, "nothing was begun")
    assert not Path(OUT).exists()


def test_a_storage_is_named_again(cli, monkeypatch):
    monkeypatch.setattr("backhand.training.solver.Solver.fit", interrupt)
    url = "sqlite:///a b.db"
    status, said = cli("run", "digits", "--out", OUT, *SMALL, "--set", SEARCH, "--storage", url)
    assert status == 130
    assert shlex.split(said.rpartition("go on with: ")[2]) == ["backhand", *RESUMED, "--storage", url]


def test_a_resumed_run_has_the_backend_and_the_threads_that_it_began_with(cli):
    assert cli("run", "digits", "--out", "reference", *SMALL, "--backend", "reference")[0] == 0
    assert cli("run", "digits", "--out", "one", *SMALL, "--backend", "cpu", "--threads", 1)[0] == 0
    most = backend.threads()
    assert cli("run", "--resume", "reference", "--set", "train.epochs=3")[0] == 0
    assert backend.chosen() == "reference"
    assert cli("run", "--resume", "one", "--set", "train.epochs=3")[0] == 0
    assert (backend.chosen(), backend.threads(), most) == ("cpu", 1, 1)
    for run in ("one", "reference"):
        (line,) = json.loads(Path(run, "environment.json").read_text())["resumed"]
        assert line.endswith(f"backhand run --resume {run} --set train.epochs=3"), "it says that something has changed"


@pytest.mark.parametrize("options", [("--backend", "reference"), ("--backend", "cpu", "--threads", "1")])
def test_a_resumed_run_ends_with_the_bits_of_one_that_was_never_stopped(options, cli):
    words = (*SMALL, "--set", "train.schedule={ kind='constant' }", *options)
    assert cli("run", "digits", "--out", "whole", *words)[0] == 0
    assert cli("run", "digits", "--out", "stopped", *words, "--set", "train.epochs=1")[0] == 0
    backend.use("cpu", most())  # as another process begins
    assert cli("run", "--resume", "stopped", "--set", "train.epochs=2")[0] == 0
    whole, resumed = (checkpoint.load(Path(run, "best.safetensors"))[0] for run in ("whole", "stopped"))
    assert all(np.array_equal(whole[name], resumed[name]) for name in whole)
    assert not Path("stopped", "environment.json").read_text().count("(before:")


def most() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def test_more_threads_than_there_are_do_not_stop_a_resumed_run(cli):
    assert cli("run", "digits", "--out", "one", *SMALL)[0] == 0
    file = Path("one", "environment.json")
    kept = json.loads(file.read_text())
    file.write_text(json.dumps(kept | {"options": kept["options"] | {"threads": 10_000}}))
    assert cli("run", "--resume", "one", "--set", "train.epochs=3")[0] == 0


def test_a_command_that_keeps_nothing_just_ends(cli, monkeypatch):
    monkeypatch.setattr("backhand.check.suite.check_row", interrupt)
    assert cli("check", "--only", "relu") == (130, "")
    monkeypatch.setattr("backhand.training.range_test.range_test", interrupt)
    assert cli("lr-find", "digits") == (130, "")
    assert sys.argv[1] == "lr-find"
