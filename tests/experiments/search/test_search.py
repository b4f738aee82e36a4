"""Searches: killed and resumed, with failures among the trials, in several processes, and what they leave."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from backhand.errors import BackhandError
from backhand.experiments.search import work as search
from backhand.experiments.search.record import read_search
from backhand.experiments.search.trial import PRUNED
from backhand.study import load

STUDY = """
name = "small"
seed = 3

[data]
name = "digits"
validation = 0.3
train_size = 300

[model]
name = "mlp"
hidden = [8]

[train]
epochs = 4
optimizer = { kind = "sgd", lr = 0.1 }
"""
GRID = """
[search]
method = "grid"
seeds = 0
space = { "train.optimizer.lr" = [0.01, 0.1, 0.3], "train.l2" = [0.0, 1e-3] }
"""


@pytest.fixture
def make_study(tmp_path):
    def make(table, **more):
        path = tmp_path / "study.toml"
        path.write_text(STUDY + table)
        return load(str(path), [f"{key}={json.dumps(value)}" for key, value in more.items()])

    return make


def values(record):
    return {tuple(trial.assignment.values()): trial.value for trial in record.trials}


def best_of(record):
    return next(trial for trial in record.trials if trial.number == record.best)


def test_a_grid_is_tried_whole_and_its_best_is_trained_with_each_seed(make_study, tmp_path):
    record = search.run(make_study(GRID, **{"search.seeds": 2}), tmp_path / "run", quiet=True)
    assert len(record.trials) == len(values(record)) == 6
    assert all(len(trial.curve["validation_loss"]) == 4 for trial in record.trials)
    best = best_of(record)
    assert best.value == max(values(record).values()) == max(best.curve["validation_accuracy"])
    assert [run.seed for run in record.runs] == [3, 4]
    first = json.loads((tmp_path / "run" / "best-seed-3" / "metrics.json").read_text())
    assert record.runs[0].test == first["test"]["accuracy"] > 0.7
    best_study = load(str(tmp_path / "run" / "best-seed-4" / "study.toml"))
    assert (best_study.train.optimizer.lr, best_study.train.l2, best_study.seed) == (*best.assignment.values(), 4)
    assert record.as_json() == json.loads((tmp_path / "run" / "search.json").read_text())


def test_trials_in_step_find_what_they_find_alone(make_study, tmp_path):
    alone = search.run(make_study(GRID), tmp_path / "alone", quiet=True)
    in_step = search.run(make_study(GRID, **{"search.together": 4}), tmp_path / "in-step", quiet=True)
    wanted = values(alone)
    assert values(in_step) == {key: pytest.approx(value, abs=0.02) for key, value in wanted.items()}
    assert [trial.epoch for trial in in_step.trials]


def test_in_step_a_trial_that_fails_fails_alone(make_study, tmp_path):
    table = GRID.replace("[0.01, 0.1, 0.3]", "[0.01, 1e6]")
    record = search.run(make_study(table, **{"search.together": 4}), tmp_path / "run", quiet=True)
    states = {trial.assignment["train.optimizer.lr"]: trial.state for trial in record.trials}
    assert states == {0.01: "complete", 1e6: "failed"}
    failed = [trial for trial in record.trials if trial.state == "failed"]
    assert all(trial.reason.startswith("diverged: the training diverged at step") for trial in failed)


def test_pruning_takes_trials_out_of_their_group(make_study, tmp_path):
    table = GRID.replace("[0.01, 0.1, 0.3]", "[0.1, 1e-6, 2e-6, 3e-6]") + 'pruning = "halving"\n'
    study = make_study(table.replace("[0.0, 1e-3] }", "[0.0, 1e-3] }\ntogether = 8\ntrials = 8"), **{"train.epochs": 9})
    record = search.run(study, tmp_path / "run", quiet=True)
    lengths = {trial.state: len(trial.curve["validation_loss"]) for trial in record.trials}
    assert lengths["complete"] == 9
    assert lengths["pruned"] < 9


def test_a_finished_search_is_only_read(make_study, tmp_path):
    study = make_study(GRID, **{"search.seeds": 1})
    record = search.run(study, tmp_path / "run", quiet=True)
    tested = (tmp_path / "run" / "best-seed-3" / "metrics.json").stat().st_mtime_ns
    assert search.run(study, tmp_path / "run", resume=True, quiet=True) == record
    assert (tmp_path / "run" / "best-seed-3" / "metrics.json").stat().st_mtime_ns == tested


def test_a_trial_gives_what_its_study_alone_gives(make_study, tmp_path):
    """Trials in one process share the data and nothing else."""
    from backhand.experiments.run import work
    from backhand.study import changed

    study = make_study(GRID)
    record = search.run(study, tmp_path / "run", quiet=True)
    last = record.trials[-1]
    work.run(changed(study, last.assignment), tmp_path / "alone", quiet=True)
    lines = (tmp_path / "alone" / "history.jsonl").read_text().splitlines()
    assert [json.loads(line)["validation_loss"] for line in lines] == list(last.curve["validation_loss"])


def test_trials_that_fail_are_kept_with_their_reason(make_study, tmp_path):
    table = GRID.replace("[0.01, 0.1, 0.3]", "[0.1, 1e6]")
    record = search.run(make_study(table), tmp_path / "run", quiet=True)
    states = {trial.assignment["train.optimizer.lr"]: (trial.state, trial.reason) for trial in record.trials}
    assert states[0.1] == ("complete", "")
    assert states[1e6][0] == "failed"
    assert states[1e6][1].startswith("diverged: ")
    with pytest.raises(BackhandError, match=r"no trial of .* came to its end \(diverged\)"):
        search.run(make_study(GRID.replace("[0.01, 0.1, 0.3]", "[1e6]")), tmp_path / "other", quiet=True)


@pytest.mark.parametrize("pruning", ["halving", "hyperband"])
def test_trials_are_given_up_for_better_ones(make_study, tmp_path, pruning):
    table = f"""
[search]
method = "random"
trials = 14
seeds = 0
pruning = "{pruning}"
space = {{ "train.optimizer.lr" = {{ low = 1e-5, high = 0.3, log = true }} }}
"""
    record = search.run(make_study(table, **{"train.epochs": 9}), tmp_path / "run", quiet=True)
    states = [trial.state for trial in record.trials]
    assert len(states) == 14
    assert states.count("pruned") >= 2
    for trial in record.trials:
        epochs = len(trial.curve["validation_loss"])
        assert (trial.reason, epochs < 9) == ((PRUNED, True) if trial.state == "pruned" else ("", False))
    complete = [trial.value for trial in record.trials if trial.state == "complete"]
    assert best_of(record).value == max(complete)


def test_the_lowest_loss_is_best_where_the_loss_is_watched(make_study, tmp_path):
    record = search.run(make_study(GRID, **{"search.monitor": "validation_loss"}), tmp_path / "run", quiet=True)
    assert best_of(record).value == min(values(record).values())


def test_several_processes_share_the_trials(make_study, tmp_path):
    alone = search.run(make_study(GRID), tmp_path / "alone", quiet=True)
    shared = search.run(make_study(GRID, **{"search.workers": 2}), tmp_path / "shared", quiet=True)
    assert values(shared).keys() == values(alone).keys()
    np.testing.assert_allclose([values(shared)[key] for key in values(alone)], list(values(alone).values()), atol=0.03)


def test_a_search_ends_when_its_time_is_over(make_study, tmp_path):
    table = '[search]\nminutes = 1e-9\nseeds = 0\nspace = { "train.l2" = { low = 0.0, high = 1.0 } }\n'
    record = search.run(make_study(table), tmp_path / "run", quiet=True)
    assert len(record.trials) == 1


@pytest.mark.parametrize("together", [1, 3])
def test_killed_at_any_moment_it_goes_on_and_loses_no_finished_trial(make_study, tmp_path, together):
    """Each time but the first after another trial, since one during which three processes died is not tried again."""
    study = make_study(GRID + f"together = {together}\n", **{"train.epochs": 30})
    wanted = values(search.run(study, tmp_path / "whole", quiet=True))
    path, delays = (
        tmp_path / "run",
        np.random.default_rng(0).uniform(0.0, 0.5, int(os.environ.get("BACKHAND_KILLS", 3))),
    )
    command = [sys.executable, "-m", "backhand", "run"]
    known = {}
    for number, delay in enumerate(delays):
        go_on = ["--resume", str(path)] if (path / "study.toml").exists() else [str(tmp_path / "study.toml")]
        options = ["--out", str(path), "--set", "train.epochs=30"] if "--resume" not in go_on else []
        with subprocess.Popen(
            [*command, *go_on, *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process:
            if number:
                any(line.startswith("trial") for line in iter(process.stdout.readline, ""))
            time.sleep(delay if number else 0.6 + 3 * delay)
            process.send_signal(signal.SIGKILL)
        if (path / "search.json").exists():
            saved = values(read_search(path))
            assert saved.items() >= known.items()
            known = saved
    record = search.run(study, path, resume=(path / "study.toml").exists(), quiet=True)
    close = {key: pytest.approx(value, abs=0 if together == 1 else 0.02) for key, value in wanted.items()}
    assert values(record) == close  # in step, other groups after a kill round otherwise
    assert len(record.trials) == 6


def test_mistakes_of_a_user_are_one_sentence(cli, tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(STUDY + GRID)
    out = tmp_path / "run"
    refused = [
        (["--set", "data.validation=0"], "a search chooses on validation data, and data.validation is 0"),
        (["--set", 'search.space={"train.epoch"=[1]}'], "search.space: train.epoch = 1 makes no valid study"),
    ]
    for options, message in refused:
        status, output = cli("run", path, "--out", out / options[1][:6], *options)
        assert status == 2
        assert message in output, output
    status, output = cli("run", "digits", "--storage", "sqlite:///x.db")
    assert (status, output) == (2, "error: --storage is for searches, and digits is none: it has no search table")
