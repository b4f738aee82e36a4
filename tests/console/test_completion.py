"""What the shell proposes: studies that ship, folders of experiments."""

from pathlib import Path

import pytest

from backhand.console.completion import folders, studies, studies_and_folders
from backhand.study import shipped, shipped_series


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("runs/digits-1", "runs/mnist-1", "mine", "elsewhere/deep/one"):
        Path(name).mkdir(parents=True)
        Path(name, "environment.json").write_text("{}")
    Path("runs/notes").mkdir()
    return tmp_path


def test_studies_are_all_that_ship():
    assert set(studies("")) == {*shipped(), *shipped_series()}
    assert studies("dig") == ["digits"]
    assert studies("r4") == ["r4-mnist-four-models"]
    assert studies("none of these") == []


def test_folders_are_those_of_experiments_here_and_in_runs(place):
    assert folders("") == ["mine", str(Path("runs/digits-1")), str(Path("runs/mnist-1"))]
    assert folders("m") == ["mine"]
    assert folders("runs/d") == [str(Path("runs/digits-1"))]
    assert folders("runs/") == [str(Path("runs/digits-1")), str(Path("runs/mnist-1"))]
    assert folders("elsewhere/deep/") == [str(Path("elsewhere/deep/one"))]
    assert folders(f"{place}/mi") == [str(place / "mine")]


def test_folders_that_are_not_there_have_none(place):
    assert folders("nowhere/") == []
    assert folders("runs/notes/x") == []


def test_both_for_what_takes_either(place):
    assert studies_and_folders("mi") == ["mine"]
    assert studies_and_folders("mnist-mlp") == ["mnist-mlp"]
