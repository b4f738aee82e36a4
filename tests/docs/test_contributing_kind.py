"""The worked example of a kind of experiment: one folder and one row, and the page shows its real code."""

import os
import re
import subprocess
import sys
from pathlib import Path
from shutil import copy, copytree, ignore_patterns

import pytest

from tests.docs.markdown_pages import FENCE, ROOT
from tests.docs.test_contributing import carry_out

PAGE = ROOT / "CONTRIBUTING.md"
PACKAGE = "src/backhand/experiments/ensemble"
WHOLE = ("ensemble/__init__.py", "ensemble/command.py")  # files that the page shows from end to end
EXCERPT = re.compile(r"^From `(?P<path>[\w./]+)`:\n\n" + FENCE.pattern.removeprefix("^"), re.MULTILINE | re.DOTALL)


def section() -> str:
    """The part of the page that adds a kind."""
    text = PAGE.read_text("utf-8")
    return text[text.index("## Add a kind of experiment") : text.index("## Add something else")]


def python(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """A module of Python, run on the package in the folder."""
    environment = os.environ | {"PYTHONPATH": str(folder / "src")}
    return subprocess.run(
        [sys.executable, "-m", *command], env=environment, capture_output=True, text=True, cwd=folder, check=False
    )


@pytest.mark.parametrize("excerpt", list(EXCERPT.finditer(section())), ids=lambda excerpt: excerpt["path"])
def test_the_page_quotes_the_code(excerpt: re.Match[str]) -> None:
    assert excerpt["body"] in (ROOT / excerpt["path"]).read_text("utf-8")


def test_a_kind_is_one_folder_and_one_row(tmp_path: Path) -> None:
    for part in ("src", "tests"):
        copytree(ROOT / part, tmp_path / part, ignore=ignore_patterns("__pycache__", "*.egg-info", "ensemble"))
    copy(ROOT / "pyproject.toml", tmp_path)
    table = tmp_path / "src/backhand/experiments/kinds.py"
    table.write_text(table.read_text("utf-8").replace(" ensemble,", "").replace("    ensemble.KIND,\n", ""), "utf-8")

    without = python(tmp_path, "backhand", "--help")
    assert (without.returncode, "ensemble" in without.stdout, "compare" in without.stdout) == (0, False, True)

    copytree(ROOT / PACKAGE, tmp_path / PACKAGE, ignore=ignore_patterns("__pycache__"))
    copytree(ROOT / "tests/experiments/ensemble", tmp_path / "tests/experiments/ensemble")
    changed = carry_out(section(), tmp_path)
    assert changed == [f"src/backhand/experiments/{name}" for name in ("kinds.py", *WHOLE)]
    for name in ("kinds.py", *WHOLE):
        path = f"src/backhand/experiments/{name}"
        assert (tmp_path / path).read_text("utf-8") == (ROOT / path).read_text("utf-8")
    assert "ensemble" in python(tmp_path, "backhand", "--help").stdout
    tests = python(tmp_path, "pytest", "-q", "-p", "no:cacheprovider", "tests/experiments/ensemble")
    assert tests.returncode == 0, tests.stdout + tests.stderr
