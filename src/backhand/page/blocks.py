"""The blocks that a report consists of; the HTML page and the Markdown file are both made from the same blocks."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Text:
    """A paragraph of plain text."""

    text: str


@dataclass(frozen=True)
class Notice:
    """A paragraph that must not be overlooked."""

    text: str


@dataclass(frozen=True)
class Points:
    """A list of sentences, each with a short heading."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Tiles:
    """The main figures, at the top of a report: for each its name, its value and a remark."""

    items: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Code:
    """Lines that a reader can type, such as a command."""

    text: str


@dataclass(frozen=True)
class Table:
    """A table whose cells are text.

    align: a letter per column: l for left, r for right, s for a figure with spread.   totals: the number of rows at
    the end that sum up the others.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    align: str
    totals: int = 0


@dataclass(frozen=True)
class Image:
    """A plot or a sheet of pictures, saved as plots/<name>.png; `alt` describes it for readers who cannot see it."""

    name: str
    png: bytes
    alt: str
    caption: str


@dataclass(frozen=True)
class Images:
    """Plots that are put side by side where the page is wide enough."""

    items: tuple[Image, ...]


@dataclass(frozen=True)
class Picture:
    """One small picture of a gallery, with lines of text under it."""

    png: bytes
    alt: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Gallery:
    """Small pictures with text under each; `sheet` is one image of all of them, for Markdown and for slides."""

    pictures: tuple[Picture, ...]
    columns: int  # on a wide page; a phone shows half as many
    sheet: Image


@dataclass(frozen=True)
class Columns:
    """Blocks in two columns; where the page is too narrow, the left ones stand above the right ones."""

    left: "tuple[Block, ...]"
    right: "tuple[Block, ...]"


Block = Text | Notice | Points | Tiles | Code | Table | Images | Gallery | Columns


@dataclass(frozen=True)
class Section:
    """A section of the report; `key` is its anchor in links."""

    key: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Page:
    """A whole report: its title and its sections."""

    title: str
    subtitle: str
    sections: tuple[Section, ...]
