"""The small series as a file."""

import pytest

from tests.experiments.series.twomodels import TEXT


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "two.toml"
    path.write_text(TEXT)
    return path
