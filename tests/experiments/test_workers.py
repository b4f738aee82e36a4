"""Several processes find what one finds, for every kind whose work is units."""

import json
from pathlib import Path

import pytest

from tests.experiments import studytexts
from tests.experiments.earlierfolders import results

SMALL = ("--set", "train.epochs=1", "--set", "model.hidden=[4]")
CELLS = """
study = "digits"
seeds = 2
set = { "train.epochs" = 1, "data.train_size" = 100 }
axes = [{ name = "rate", key = "train.optimizer.lr", values = [0.01, 0.1] }]
"""
WHOLE = """
study = "digits"
whole = true
set = { "train.epochs" = 1, "data.train_size" = 100 }
"""
SEARCH = """
method = "grid"
seeds = 2
space = { "train.l2" = [0.0, 1e-3] }
"""
GRID = 'search.space={"model.hidden"=[[8]],"model.dropout"=[0.3,0.5]}'
COMMANDS = {
    "series": ("run", "few.toml"),
    "search": ("run", "searched.toml"),
    "comparison": ("compare", "digits", "--folds", "2", "--train-size", "200", "--against", "tree,logistic", *SMALL),
    "question": ("ask", "dropout", "--set", "train.epochs=1", "--set", "data.train_size=100", "--set", GRID),
    "extension": ("extend", "first", "--data", "digits", "--classes", "3", "--epochs", "1"),
}


@pytest.mark.parametrize("kind", COMMANDS)
def test_two_workers_find_what_one_process_finds(kind, cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("few.toml").write_text(studytexts.series(CELLS, WHOLE))
    Path("searched.toml").write_text(studytexts.searched(SEARCH))
    if kind == "extension":
        assert cli("run", "digits", "--out", "first", *SMALL, "--set", 'data.classes=["0", "1", "2"]')[0] == 0
    alone, shared = Path("alone"), Path("shared")
    for folder, options in ((alone, ("--threads", 1)), (shared, ("--workers", 2))):
        status, output = cli(*COMMANDS[kind], *options, "--out", folder)
        assert status == 0, output
    assert ordered(results(shared)) == ordered(results(alone))


def ordered(found: dict) -> str:
    """As text; trials are numbered in the order in which workers begin them."""
    if "search.json" in found:
        trials = sorted(found["search.json"]["trials"], key=lambda trial: json.dumps(trial["assignment"]))
        found["search.json"] |= {"best": None, "trials": [trial | {"number": 0} for trial in trials]}
        del found["search.json"]["search"]["workers"]
    return json.dumps(found, sort_keys=True)


def test_a_single_training_has_no_workers(cli, tmp_path):
    status, output = cli("run", "digits", "--workers", 2, "--out", tmp_path / "run")
    assert (status, "digits is a single training" in output) == (2, True)
