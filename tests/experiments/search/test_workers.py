"""`backhand search workers`: who is at work, in any storage; and what its options refuse."""

import json
import os
from pathlib import Path

import pytest

from backhand.experiments.search import storage
from backhand.experiments.search import work as search
from backhand.experiments.search.space import suggest
from backhand.study import load
from tests.experiments import studytexts

SEARCH = """
method = "random"
trials = 5
seeds = 0
space = { "train.optimizer.lr" = { low = 1e-3, high = 0.3, log = true } }
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    path = tmp_path / "small.toml"
    path.write_text(studytexts.searched(SEARCH))
    return path


def test_who_is_at_work_is_listed(file, url, cli):
    study = load(str(file))
    with storage.open_storage(Path(), study, study.search, url) as opened:
        opened.budget.read()
        trial = opened.trial_of(opened.claims.claim(5))
        suggest(trial, study.search.space)
        trial.report(0.875, 3)
        status, said = cli("search", "workers", "--storage", url)
        assert (status, "small: 0 of 5 trials have ended, 1 are in training" in said) == (0, True)
        assert f"{os.getpid()}" in said
        assert "87.50%" in said
        status, said = cli("search", "workers", "--storage", url, "--json")
        (found,), _ = json.JSONDecoder().raw_decode(said)  # people's text follows, on standard error
        (worker,) = found["workers"]
        assert (found["name"], found["budget"], found["ended"]) == ("small", {"trials": 5, "minutes": None}, 0)
        assert (worker["pid"], worker["trial"], worker["slot"], worker["epochs"]) == (os.getpid(), 1, 1, 3)
        assert worker["value"] == 0.875
        assert 0 <= worker["silent"] < 60
        assert worker["seconds"] < 60


def test_a_folder_stands_for_its_search(file, cli, tmp_path, monkeypatch):
    search.run(load(str(file)), tmp_path / "own", quiet=True)
    status, said = cli("search", "workers", tmp_path / "own")
    assert (status, said) == (0, "small: 5 of 5 trials have ended, 0 are in training nobody is at work")
    journal = f"journal:{tmp_path / 'a.journal'}"
    search.run(load(str(file)), tmp_path / "shared", url=journal, quiet=True)
    assert cli("search", "workers", tmp_path / "shared")[0] == 2
    monkeypatch.setenv("BACKHAND_STORAGE", journal)
    assert cli("search", "workers", tmp_path / "shared")[0] == 0
    assert cli("search", "workers", tmp_path / "own")[0] == 0
    assert cli("search", "workers")[0] == 0


def test_what_cannot_be_listed_is_one_sentence(file, cli, tmp_path):
    refused = [
        ([], "name the storage of the search by --storage or BACKHAND_STORAGE"),
        ([tmp_path], "is not the folder of a search: it has no search.json"),
        (["--storage", f"journal:{tmp_path / 'a'}"], "there is no such file"),
        (["--storage", "postgresql://me:secret@host/trials"], "leave it out, and put it into PGPASSWORD or ~/.pgpass"),
    ]
    for options, message in refused:
        status, said = cli("search", "workers", *options)
        assert (status, message in said) == (2, True), said
        assert "secret" not in said


def test_a_password_goes_into_no_file_and_no_line(file, cli, tmp_path, postgresql, monkeypatch):
    """Neither that of BACKHAND_STORAGE, nor one that the command line should not have had."""
    quoted = postgresql.password.replace(":", "%3A").replace("/", "%2F")
    address = postgresql.url(postgresql.new_database(), f"careful:{quoted}")
    status, said = cli("run", file, "--out", tmp_path / "run", "--storage", address)
    assert (status, "leave it out" in said, (tmp_path / "run").exists()) == (2, True, False)
    monkeypatch.setenv("BACKHAND_STORAGE", address)
    status, output = cli("run", file, "--out", tmp_path / "run", "-vv")
    assert status == 0, output
    said += output + cli("search", "workers", tmp_path / "run")[1]
    said += "".join(path.read_text(errors="replace") for path in (tmp_path / "run").rglob("*") if path.is_file())
    assert postgresql.password not in said
    assert quoted not in said


def test_a_resumed_search_of_a_storage_needs_its_address_again(file, cli, tmp_path):
    journal = f"journal:{tmp_path / 'a.journal'}"
    status, said = cli("run", file, "--out", tmp_path / "run", "--storage", journal)
    assert status == 0, said
    status, said = cli("run", "--resume", tmp_path / "run")
    assert (status, "name it again by --storage or BACKHAND_STORAGE" in said) == (2, True)
    assert cli("run", "--resume", tmp_path / "run", "--storage", journal)[0] == 0
