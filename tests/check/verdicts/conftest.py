"""Texts reviewed as files."""

from collections.abc import Callable
from pathlib import Path

import pytest

from backhand.check import check_file
from backhand.check.review.records import Review


@pytest.fixture
def reviewed(tmp_path: Path) -> Callable[[str], Review]:
    """Review a file `layers.py` with this text."""

    def review(text: str) -> Review:
        file = tmp_path / "layers.py"
        file.write_text(text, "utf-8")
        return check_file(file)

    return review
