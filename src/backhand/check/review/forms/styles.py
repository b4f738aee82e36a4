"""The colours of a review in a terminal; every word is there without them."""

import re

from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

CODE = re.compile(r"`[^`\n]+`")
STYLES = {
    "wrong": "bold red",
    "wrong elsewhere": "bold magenta",
    "warning": "bold yellow",
    "harmless": "bold blue",
    "style": "bold blue",
    "right": "green",
    "not checked": "yellow",
}
BEFORE, AFTER, CODE_STYLE, FAINT = "red", "green", "cyan", "dim"


def marked_up(text: str, style: str = "") -> Text:
    """Text whose `code` between backticks has its own colour; the backticks stay, for terminals without colours."""
    marked = Text(text, style)
    marked.highlight_regex(CODE, CODE_STYLE)
    return marked


def heading(text: str) -> Text:
    """A heading of a part of the page."""
    return Text(text, "bold underline")


def grid(*columns: Column | str, headings: bool = True) -> Table:
    """A table without lines, three spaces between its columns."""
    return Table(*columns, box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style=FAINT, show_header=headings)


def indented(part: "Table | Text", columns: int = 2) -> Padding:
    """A part moved to the right."""
    return Padding(part, (0, 0, 0, columns))
