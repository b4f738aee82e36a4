"""Where data and caches live, and how progress is shown."""

import pytest

from backhand.data import load
from backhand.data.progress import progress_bar
from backhand.files import locations
from tests.data import datafiles as df


def test_the_environment_names_the_folders(monkeypatch, tmp_path):
    monkeypatch.setenv("BACKHAND_DATA", str(tmp_path))
    monkeypatch.setenv("BACKHAND_CACHE", str(tmp_path / "cache"))
    assert locations.data_dir() == tmp_path
    assert locations.cache_dir() == tmp_path / "cache"
    df.in_folder(tmp_path, df.mnist_files())
    assert len(load("mnist").train) == 20


@pytest.mark.parametrize("place", [locations.data_dir, locations.cache_dir])
def test_without_it_they_are_the_users_own(monkeypatch, place):
    for name in ("BACKHAND_DATA", "BACKHAND_CACHE"):
        monkeypatch.delenv(name, raising=False)
    folder = place()
    assert folder.is_absolute()
    assert "backhand" in folder.parts


def steps(total, **options):
    with progress_bar("Reading", total, **options) as advance:
        for _ in range(total):
            advance(1)


@pytest.fixture
def elsewhere(monkeypatch):
    """Standard error that is no terminal, whatever the caller's environment forces."""
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_progress_is_one_line_where_nobody_watches(elsewhere, capfd):
    steps(30)
    assert capfd.readouterr() == ("", "Reading\n")


def test_progress_is_a_bar_on_a_terminal(elsewhere, capfd):
    elsewhere.setenv("FORCE_COLOR", "1")
    steps(30)
    shown = capfd.readouterr()
    assert shown.out == ""
    assert "30/30" in shown.err


def test_what_takes_no_time_is_silent(elsewhere, capfd):
    steps(30, quiet_below=31)
    assert capfd.readouterr() == ("", "")
