"""What every test of generated code starts from."""

import pytest


@pytest.fixture(autouse=True)
def _compiled_anew(monkeypatch, tmp_path):
    """Routines are kept under their name, and those of tests change more often than the sources of kernels."""
    monkeypatch.setattr("backhand.kernels.jit.folder", lambda: tmp_path)
