"""A search goes on as it began, alone and with others; what refuses it leaves nothing; quiet ones print nothing."""

import json
import re

import pytest

from backhand.errors import BackhandError, StudyError
from backhand.experiments.search import work as search
from backhand.experiments.settings import reopen
from backhand.study import load
from tests.experiments import studytexts

SEARCH = """
method = "random"
trials = 2
seeds = 1
space = { "train.optimizer.lr" = { low = 0.01, high = 0.1 } }
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(studytexts.searched(SEARCH))
    return path


def test_trials_of_other_epochs_are_not_ranked_with_those_there_are(file, tmp_path, cli):
    search.run(load(file), tmp_path / "run", quiet=True)
    before = (tmp_path / "run" / "environment.json").read_bytes()
    longer = load(file, ["train.epochs=3", "search.trials=4"])
    with pytest.raises(StudyError, match=r"its train\.epochs is 1, and 3 is asked for"):
        search.run(longer, tmp_path / "run", resume=True, quiet=True)
    with pytest.raises(StudyError, match=r"its train\.epochs is 1, and 3 is asked for"):
        reopen(tmp_path / "run", lambda: longer)
    assert cli("run", "--resume", tmp_path / "run", "--set", "train.epochs=3")[0] == 2
    assert (tmp_path / "run" / "environment.json").read_bytes() == before
    assert len(json.loads((tmp_path / "run" / "search.json").read_text())["trials"]) == 2


def test_another_machine_joins_with_the_same_epochs_alone(file, tmp_path):
    shared = f"sqlite:///{tmp_path / 'shared.db'}"
    search.run(load(file), tmp_path / "first", url=shared, quiet=True)
    with pytest.raises(BackhandError, match=r"another search named small: its train\.epochs is 1, and 3 is asked for"):
        search.run(load(file, ["train.epochs=3"]), tmp_path / "second", url=shared, quiet=True)
    assert not (tmp_path / "second").exists()


@pytest.mark.parametrize("url", ["nosuch://x", "nothing", "sqlite:////no/such/folder/x.db"])
def test_a_storage_that_is_refused_leaves_nothing(file, tmp_path, url):
    with pytest.raises(BackhandError, match="cannot be used"):
        search.run(load(file), tmp_path / "run", url=url, quiet=True)
    assert not (tmp_path / "run").exists()


def test_a_change_to_no_effect_is_refused(file, tmp_path, cli):
    status, output = cli("run", file, "--out", tmp_path / "run", "--set", "train.optimizer.lr=7")
    assert (status, "train.optimizer.lr cannot be changed: search.space varies it" in output) == (2, True)
    status, output = cli("ask", "dropout", "--out", tmp_path / "run", "--set", "model.dropout=0.3")
    assert (status, "model.dropout cannot be changed: search.space varies it" in output) == (2, True)
    (tmp_path / "few.toml").write_text(studytexts.series('study = "small.toml"\nwhole = true'))
    status, output = cli("run", tmp_path / "few.toml", "--out", tmp_path / "run", "--set", "train.optimizer.lr=7")
    assert (status, "train.optimizer.lr cannot be changed: search.space varies it" in output) == (2, True)
    assert not (tmp_path / "run").exists()


def test_changes_of_the_search_are_none_of_its_best_run(file, tmp_path):
    search.run(load(file, ["search.trials=1", "train.l2=0.5"]), tmp_path / "run", quiet=True)
    assert load(tmp_path / "run" / "study.toml").changes == {"search.trials": 1, "train.l2": 0.5}
    assert re.findall(r"(?s)\[changes\]\n(.*)", (tmp_path / "run" / "best-seed-0" / "study.toml").read_text()) == [
        '"train.l2" = 0.5\n'
    ]


def test_quiet_is_quiet(file, tmp_path, capfd):
    search.run(load(file, ["search.workers=2"]), tmp_path / "run", quiet=True)
    assert capfd.readouterr().out == ""
