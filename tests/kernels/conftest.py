"""Kernels are tested on as many threads as they have for users."""

import pytest


@pytest.fixture(autouse=True, scope="module")
def _on_all_cores(all_cores: None) -> None:
    pass
