"""The derivation pages: their Python runs, their mathematics survives Markdown, and no operation lacks one."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "derivations"
PAGES = sorted(FOLDER.glob("*.md"))
OPS = sorted(path for path in (ROOT / "src" / "backhand" / "ops").glob("*.py") if path.stem != "__init__")

PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MATHS = re.compile(r"\$\$.+?\$\$|\$[^$]+?\$", re.DOTALL)
UNSUPPORTED = (r"\operatorname", r"\newcommand", r"\def", r"\require")
SECTIONS = (
    "Forward",
    "Backward, index by index",
    "Matrix form",
    "What is cached",
    "Numerical notes",
    "By hand",
    "Mistakes and their symptoms",
    "Source",
)


def each(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=lambda path: path.stem)


def flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from flat(token.children or [])


@each(PAGES)
def test_the_python_of_a_page_runs_and_its_numbers_are_right(path: Path) -> None:
    page = path.read_text("utf-8")
    blocks = list(PYTHON.finditer(page))
    names: dict[str, object] = {}
    for block in blocks:
        lines_above = page.count("\n", 0, block.start(1))  # a failure then points at the line of the page
        exec(compile("\n" * lines_above + block[1], path, "exec"), names)
    assert any(isinstance(node, ast.Assert) for block in blocks for node in ast.walk(ast.parse(block[1])))


@each(PAGES)
def test_markdown_leaves_the_mathematics_alone(path: Path) -> None:
    page = re.sub(r"^```.*?^```$|`[^`\n]+`", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    tokens = MarkdownIt("commonmark").enable("table").parse(page)
    seen = "".join(token.content or "\n" for token in flat(tokens) if token.type != "inline")
    for formula in MATHS.findall(page):
        assert formula in seen, f"Markdown changes {formula}"
        assert not any(macro in formula for macro in UNSUPPORTED), f"GitHub refuses a macro of {formula}"


@each(OPS)
def test_every_operation_has_its_page_and_names_it(path: Path) -> None:
    page = FOLDER / f"{path.stem}.md"
    assert f"Derivation: docs/derivations/{page.name}" in (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "")
    text = page.read_text("utf-8")
    assert tuple(re.findall(r"^## (.+)$", text, re.MULTILINE)) == SECTIONS
    assert "backward(" in text


@each(PAGES)
def test_every_link_between_the_pages_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text("utf-8")):
        assert target.startswith("https://") or (path.parent / target).exists(), f"no {target}"


def test_the_index_lists_every_page() -> None:
    index = (FOLDER / "README.md").read_text("utf-8")
    assert [path.name for path in PAGES if path.name != "README.md" and f"]({path.name})" not in index] == []
