"""What the tests of the documentation share: the pages, and the code in them."""

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
GUIDES = ROOT / "docs" / "guides"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

FENCE = re.compile(r"^(?P<fence>`{3,})(?P<language>\w*)\n(?P<body>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return [match["body"] for match in FENCE.finditer(page.read_text("utf-8")) if match["language"] == language]


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return FENCE.sub("", page.read_text("utf-8"))


def run_python(page: Path) -> dict[str, Any]:
    """The names that the page's Python leaves behind; a failure points at the line of the page."""
    text, names = page.read_text("utf-8"), {"__name__": __name__}  # dataclasses look their module up
    for match in FENCE.finditer(text):
        if match["language"] == "python":
            exec(compile("\n" * text.count("\n", 0, match.start("body")) + match["body"], page, "exec"), names)
    return names
