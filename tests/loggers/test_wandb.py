"""Runs of Weights & Biases: offline with its module where it is installed, and always with one that listens."""

import sys
import time
from contextlib import suppress

import pytest

from backhand.errors import BackhandError
from backhand.extras import MissingExtraError
from backhand.loggers import WandbLogger
from tests.loggers import trackers
from tests.loggers.interrupted import Killer, resumed


@pytest.fixture
def wandb(monkeypatch):
    module = trackers.Wandb()
    monkeypatch.setitem(sys.modules, "wandb", module)
    return module


def curve(runs, name):
    return [(step, figures[name]) for run in runs for step, figures in run.logged if name in figures]


def test_a_run_has_settings_figures_and_an_end(wandb, make_solver, blobs, tmp_path):
    logger = WandbLogger("digits", name="first", offline=True, folder=tmp_path / "here", every_steps=4)
    solver = make_solver(callbacks=[logger])
    solver.fit(*blobs, epochs=2)
    (run,) = wandb.runs
    options = run.options
    assert (options["project"], options["name"], options["mode"]) == ("digits", "first", "offline")
    assert (options["dir"], (tmp_path / "here").is_dir()) == (str(tmp_path / "here"), True)
    assert options["config"]["optimizer.lr"] == 0.1
    assert curve([run], "train_loss") == [(record["step"], record["train_loss"]) for record in solver.history]
    assert [step for step, _ in curve([run], "step/loss")] == [4, 8]
    assert run.summary["final/train_loss"] == solver.history[-1]["train_loss"]
    assert run.ended == [0]


@pytest.mark.parametrize("offline", [False, True])
@pytest.mark.parametrize(("save", "kill"), [(4, 11), (6, 15)])
def test_a_resumed_training_goes_on_under_the_same_id(save, kill, offline, wandb, make_solver, blobs):
    make_solver(callbacks=[WandbLogger(every_steps=1)]).fit(*blobs, epochs=4)
    resumed(make_solver, blobs, lambda: WandbLogger(offline=offline, every_steps=1), save=save, kill=kill, epochs=4)
    whole, first, second = wandb.runs
    assert (first.id, second.options["resume"], first.ended, second.ended) == (second.id, "allow", [1], [0])
    for name in ("train_loss", "step/loss"):
        both = curve([first, second], name)
        assert (sorted(set(both)) if offline else both) == curve([whole], name), name  # W&B joins them by their steps


def test_a_training_that_was_killed_before_its_first_state_goes_on_under_the_same_id(
    wandb, make_solver, blobs, tmp_path
):
    file = tmp_path / "run.txt"
    with suppress(KeyboardInterrupt):
        make_solver(callbacks=[WandbLogger(every_steps=1, run_file=file), Killer(99, 6)]).fit(*blobs, epochs=4)
    assert file.read_text() == "w0\n"
    make_solver(callbacks=[WandbLogger(every_steps=1, run_file=file)]).fit(*blobs, epochs=4)
    first, second = wandb.runs
    assert (first.id, second.id, second.options["resume"], second.ended) == ("w0", "w0", "allow", [0])
    assert [step for step, _ in curve([first, second], "step/loss")] == list(range(1, 17))
    assert not file.exists()


def test_an_account_that_is_missing_is_a_sentence(wandb, make_solver, blobs):
    wandb.broken = "api_key not configured (no-tty). Run wandb login."
    with pytest.raises(BackhandError, match=r"^the log of WandbLogger cannot begin: api_key not configured \(no-tty\)"):
        make_solver(callbacks=[WandbLogger()]).fit(*blobs, epochs=1)


def test_without_the_package_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(
        MissingExtraError, match=r"^a log for Weights & Biases needs wandb.*`pip install 'backhand\[wandb\]'`$"
    ):
        WandbLogger()


def test_wandb_itself_keeps_the_run_offline(make_solver, blobs, tmp_path):
    pytest.importorskip("wandb")
    make_solver(callbacks=[WandbLogger(offline=True, folder=tmp_path)]).fit(*blobs, epochs=2)
    (folder,) = (tmp_path / "wandb").glob("offline-run-*")
    (file,) = folder.glob("*.wandb")
    end = time.monotonic() + 20  # its background process writes the file, perhaps after the run is finished
    while b"validation_loss" not in (content := file.read_bytes()) and time.monotonic() < end:
        time.sleep(0.1)
    assert b"validation_loss" in content
    assert b"optimizer.lr" in content
