"""The guide to plugins shows the files of the example, names every group, and its code runs where that is installed."""

import re
from pathlib import Path

import pytest

from backhand.cli.plugins import _groups
from tests.docs.markdown_pages import FENCE, GUIDES, ROOT, blocks
from tests.plugins.packages import EXAMPLE, install_example, program, python

PAGE = GUIDES / "plugins.md"
SHOWN = re.compile(r"^(?:From )?`(?P<path>examples/[\w./-]+)`:\n\n" + FENCE.pattern.removeprefix("^"), re.M | re.S)


def shown(page: Path) -> list[re.Match[str]]:
    return list(SHOWN.finditer(page.read_text("utf-8")))


@pytest.mark.parametrize("file", shown(PAGE), ids=lambda file: Path(file["path"]).name)
def test_the_guide_shows_whole_files(file: re.Match[str]) -> None:
    assert file["body"] == (ROOT / file["path"]).read_text("utf-8")


@pytest.mark.parametrize("file", shown(ROOT / "CONTRIBUTING.md"), ids=lambda file: Path(file["path"]).name)
def test_contributing_quotes_the_files(file: re.Match[str]) -> None:
    assert file["body"] in (ROOT / file["path"]).read_text("utf-8")


def test_every_file_of_the_example_is_shown_or_named() -> None:
    text = PAGE.read_text("utf-8")
    paths = [path for path in (EXAMPLE / "src").rglob("*.*") if "__pycache__" not in path.parts]
    assert [path.name for path in paths if path.name not in text and path.name != "__init__.py"] == []


def test_the_table_has_every_group() -> None:
    rows = re.findall(r"^\| `(backhand\.\w+)` \|", PAGE.read_text("utf-8"), re.M)
    assert rows == [group.name for group in _groups()]


def test_its_python_and_its_list_are_true(tmp_path: Path) -> None:
    plugins = install_example(tmp_path / "installed")
    code = blocks(PAGE, "python")[-1]
    done = python(tmp_path, "-c", code, plugins=plugins)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "swish.safetensors").is_file()
    said = program(tmp_path, "plugins", plugins=plugins)
    listed = [re.sub(r" \S+/backhand_swish/", " .../backhand_swish/", line).split() for line in said.splitlines()]
    assert listed == [line.split() for line in blocks(PAGE, "text")[0].splitlines()]
