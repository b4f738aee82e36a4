"""Runs that have ended: finished, without states; stopped early; or diverged."""

import json
import re
from pathlib import Path

import pytest

from backhand.training.saving import load_state
from tests.experiments.run.killedstudy import EPOCHS, STUDY, epochs_done


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("study") / "killed.toml"
    path.write_text(STUDY)
    return path


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_a_finished_run_keeps_no_states_and_stays_as_it_is(study, tmp_path, cli):
    run, forget = tmp_path / "run", ("--set", "train.keep_states=false")
    status, output = cli("run", study, "--out", run, "--set", "train.epochs=2", *forget)
    assert status == 0
    assert re.search(r"2 epochs \(42 steps\) took \S+ s, and saving another \S+ s test accuracy", output)
    before = files_of(run)
    assert set(before) == {
        *("study.toml", "environment.json", "metrics.json", "history.jsonl", "best.safetensors"),
        *("evidence.safetensors", "report.html", "report.md"),
    }
    (run / "report.html").unlink()
    status, output = cli("run", "--resume", run)
    assert (status, "the run is finished; nothing is left to train" in output) == (0, True)
    after = files_of(run)
    changed = {"environment.json", "report.html", "report.md"}  # which say that it was resumed
    assert {name for name, content in before.items() if after[name] != content} <= changed
    gone = f"states are gone, so it cannot train on to 3; start a new run from its weights with --init-from {run}"
    for setting, message in [
        ("train.epochs=3", gone),
        ("train.epochs=1", "has trained 2 epochs, and train.epochs = 1 is fewer"),
        ("train.batch_size=7", "train.batch_size is 64, and 7 is asked for"),
    ]:
        status, output = cli("run", "--resume", run, "--set", setting)
        assert (status, message in output) == (2, True), output
    assert files_of(run) == after


def test_a_finished_run_of_an_earlier_version_stays_as_it_is_without_its_states(study, tmp_path, cli):
    run = tmp_path / "run"
    assert cli("run", study, "--out", run, "--set", "train.epochs=1", "--set", "train.keep_states=false")[0] == 0
    metrics = json.loads((run / "metrics.json").read_text())
    del metrics["training"]["saving_seconds"]
    (run / "metrics.json").write_text(json.dumps(metrics))
    status, output = cli("run", "--resume", run)
    assert (status, "nothing is left to train 1 epoch (21 steps) took" in output) == (0, True), output


def test_a_finished_run_without_states_is_refused_on_other_data(study, tmp_path, cli):
    run = tmp_path / "run"
    assert cli("run", study, "--out", run, "--set", "train.epochs=1", "--set", "train.keep_states=false")[0] == 0
    metrics = json.loads((run / "metrics.json").read_text())
    metrics["data"]["sha256"] = "the sum of other samples"
    (run / "metrics.json").write_text(json.dumps(metrics))
    status, output = cli("run", "--resume", run)
    assert (status, "trained on other data" in output) == (2, True)


def test_a_run_that_was_stopped_early_stays_ended_without_its_states(study, tmp_path, cli):
    run, stop = tmp_path / "run", ("--set", "train.early_stopping.patience=1", "--set", "train.optimizer.lr=0.5")
    assert cli("run", study, "--out", run, *stop, "--set", "train.keep_states=false")[0] == 0
    before = json.loads((run / "metrics.json").read_text())
    assert before["training"]["epochs"] < EPOCHS
    status, output = cli("run", "--resume", run, "--set", "train.epochs=1000")
    assert (status, "nothing is left to train" in output) == (0, True)
    assert json.loads((run / "metrics.json").read_text()) == before


def test_a_run_that_diverged_keeps_the_state_before_that(tmp_path, cli):
    run = tmp_path / "run"
    rising = ("--set", "train.optimizer.lr=20", "--set", "train.schedule={ kind = 'linear', end = 1, warmup = 40 }")
    plain = ("--set", "model.batchnorm=false", "--set", "train.save_every=0")
    status, output = cli("run", "digits", "--out", run, *rising, *plain)
    assert (status, "diverged at step" in output) == (2, True), output
    epoch = load_state(run)[1]["epoch"]
    assert 0 < epoch == epochs_done(run)
    status, again = cli("run", "--resume", run)
    assert (status, f"resumed after epoch {epoch}" in again) == (2, True), output
    assert again.split("error: ")[1] == output.split("error: ")[1]
