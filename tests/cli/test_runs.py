"""`backhand runs` and `backhand open`: what lies in a folder, and its page in the browser."""

import shutil
from pathlib import Path

import pytest

from backhand.experiments.kinds import KINDS
from backhand.experiments.listing import experiments
from tests.experiments.earlierfolders import FOLDERS


@pytest.fixture
def folder(tmp_path):
    """One finished experiment of each kind that has a fixture, a damaged run, and what holds none."""
    for kind in ("run", "search", "series", "comparison", "extension", "questions-dropout"):
        shutil.copytree(FOLDERS / kind / "finished", tmp_path / kind)
    shutil.copytree(FOLDERS / "run" / "interrupted", tmp_path / "cut short")
    shutil.copytree(FOLDERS / "run" / "finished", tmp_path / "damaged")
    (tmp_path / "damaged" / "metrics.json").write_text("{")
    (tmp_path / "notes").mkdir()
    (tmp_path / "file.txt").write_text("mine")
    return tmp_path


def test_every_kind_has_a_row(folder, cli, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    found = {each.folder.name: each for each in experiments(folder)}
    assert found.keys() == {path.name for path in folder.iterdir()} - {"notes", "file.txt"}
    assert {each.kind for each in found.values()} | {KINDS[3]} >= {kind for kind in KINDS if kind.command != "ensemble"}
    assert found["run"].row.status == "finished"
    assert found["run"].row.result.startswith("test accuracy")
    assert (found["cut short"].row.status, found["damaged"].row.status) == ("running", "damaged")
    status, said = cli("runs", folder)
    assert (status, "claims met" in said, "6 trials, test accuracy" in said) == (0, True, True)
    assert "metrics.json is damaged" in said
    assert found["extension"].row.result.endswith("on new classes")
    (folder / "series.toml").write_text("a study of the user's own, whose name is that of a series's file")
    assert len(list(experiments(folder))) == len(found)


def test_a_folder_of_one_experiment_is_listed_itself(folder):
    assert [each.folder for each in experiments(folder / "search")] == [folder / "search"]


def test_where_there_are_none_it_says_so(tmp_path, cli, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, said = cli("runs")
    assert (status, said) == (2, "error: there is no folder runs; name the folder that holds your runs")
    Path("runs").mkdir()
    assert cli("runs") == (2, "error: there are no experiments in runs; start one with `backhand run digits`")


def test_a_report_is_opened_and_written_first_where_there_is_none(folder, cli, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda address: opened.append(address) or len(opened) == 1)
    page = folder / "run" / "report.html"
    assert cli("open", folder / "run") == (0, f"report: {page}")
    assert page.exists()
    status, said = cli("open", folder / "run")
    assert (status, "no browser could be opened; open the file yourself" in said) == (0, True)
    assert opened == [page.as_uri()] * 2
    assert cli("open", folder / "notes")[0] == 2
