"""Fixtures of the data tests: a cache of their own, and the real data where they are."""

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def session_cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def own_cache(session_cache, monkeypatch):
    monkeypatch.setenv("BACKHAND_CACHE", str(session_cache))
    return session_cache


@pytest.fixture(scope="session")
def real_data():
    """The folder of the published data sets; a test that asks for it is skipped where there is none."""
    folder = Path(os.environ.get("BACKHAND_DATA") or REPOSITORY.parent / "shared" / "data")
    if not (folder / "mnist").is_dir():
        pytest.skip("the real data sets are not here; BACKHAND_DATA names their folder")
    return folder
