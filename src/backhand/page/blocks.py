"""What a report is made of. The page and the Markdown file render the same blocks, so they cannot disagree."""

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
    """Sentences, each under a short heading of its own."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Tiles:
    """The figures of the headline box: what it is, the figure, a remark."""

    items: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Code:
    """Lines that a reader types, such as a command."""

    text: str


@dataclass(frozen=True)
class Table:
    """Cells as text. align: a letter per column, l, r, or s for a figure with spread; the last `totals` rows sum up."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    align: str
    totals: int = 0


@dataclass(frozen=True)
class Image:
    """A plot or a sheet of pictures, saved as plots/<name>.png; `alt` says what there is to see."""

    name: str
    png: bytes
    alt: str
    caption: str


@dataclass(frozen=True)
class Images:
    """Plots that stand side by side where there is room."""

    items: tuple[Image, ...]


@dataclass(frozen=True)
class Picture:
    """One small picture of a gallery, with the lines under it."""

    png: bytes
    alt: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Gallery:
    """Pictures with text under each; `sheet` shows the same ones as one image, for Markdown and for slides."""

    pictures: tuple[Picture, ...]
    columns: int  # on a wide page; a phone shows half as many
    sheet: Image


@dataclass(frozen=True)
class Columns:
    """Blocks beside one another where there is room, the left ones first where there is none."""

    left: "tuple[Block, ...]"
    right: "tuple[Block, ...]"


Block = Text | Notice | Points | Tiles | Code | Table | Images | Gallery | Columns


@dataclass(frozen=True)
class Section:
    """A chapter of the report; `key` is its anchor."""

    key: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Page:
    """A whole report: its title and its sections."""

    title: str
    subtitle: str
    sections: tuple[Section, ...]
