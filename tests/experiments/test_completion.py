"""What the shell proposes for a data set."""

from pathlib import Path

from backhand.data import DATASETS
from backhand.experiments.completion import data_sets, data_sets_and_folders


def test_data_sets_are_all_of_the_registry():
    assert data_sets("") == list(DATASETS)
    assert data_sets("dig") == ["digits"]


def test_folders_come_after_data_sets(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("digits-run").mkdir()
    Path("digits-run", "environment.json").write_text("{}")
    assert data_sets_and_folders("digits") == ["digits", "digits-run"]
