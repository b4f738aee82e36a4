"""Kernels are tested on as many threads as they have for users."""

from importlib.util import find_spec

import pytest


@pytest.fixture(autouse=True, scope="module")
def _on_all_cores(all_cores: None) -> None:
    pass


@pytest.fixture(autouse=True)
def _in_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Divide the work of every kernel, as only much work is for users: the arrays of tests are small."""
    if find_spec("numba"):
        monkeypatch.setattr("backhand.kernels.jit.WORTH_WAKING", 0)
