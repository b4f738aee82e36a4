"""The units of a small file, read in this process."""

from collections.abc import Callable
from pathlib import Path

import pytest

from backhand.check.reading.reader import Reading, Unread
from backhand.check.review.readings import read_units
from backhand.check.source.program import load
from tests.check.source.conftest import load_text, process, project

__all__ = ["load_text", "process", "project"]


@pytest.fixture
def read_text(load_text: Callable[..., object]) -> Callable[..., dict[str, Reading | Unread]]:
    """What becomes of each unit of a file with this text, by its name; `others` lie beside it, by their paths."""

    def read(text: str, others: dict[str, str] | None = None) -> dict[str, Reading | Unread]:
        return {unit.name: found for unit, found in read_units(load_text(text, others))}

    return read


@pytest.fixture
def read_folder(project: Path) -> Callable[[dict[str, str]], dict[str, Reading | Unread]]:
    """The same for the units of a folder with these files."""

    def read(files: dict[str, str]) -> dict[str, Reading | Unread]:
        for name, text in files.items():
            (project / name).write_text(text, "utf-8")
        return {unit.name: found for unit, found in read_units(load(project))}

    return read
