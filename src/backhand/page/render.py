"""The blocks of a report as one HTML page that needs nothing else, and as Markdown."""

import base64
import re
import struct
from collections.abc import Iterator
from functools import cache
from itertools import count
from typing import TYPE_CHECKING

from backhand.extras import REPORT
from backhand.page.blocks import (
    Block,
    Code,
    Columns,
    Gallery,
    Image,
    Images,
    Notice,
    Page,
    Points,
    Section,
    Table,
    Text,
    Tiles,
)
from backhand.page.style import DPI

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

WIDE = 600  # CSS pixels: a plot that is wider scrolls on a phone


def html(page: Page) -> str:
    """The report as one HTML page that holds every picture."""
    template = _environment().get_template("report.html.j2")
    return template.render(page=page, table=count(1), figure=count(1))


@cache
def _environment() -> "Environment":
    REPORT.require("a page")
    from jinja2 import Environment, PackageLoader, StrictUndefined

    # Titles, class names and messages come from users: everything is escaped except what the templates write.
    loader = PackageLoader("backhand.page")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["inline"] = lambda png: "data:image/png;base64," + base64.b64encode(png).decode("ascii")
    environment.filters["size"] = _size
    environment.filters["next"] = next
    environment.filters["kind"] = lambda block: type(block).__name__
    return environment


def _size(png: bytes) -> "Markup":
    """Width and height of a plot at 100 CSS pixels an inch, so that its letters are as large as those of the page.

    A wide plot gets a class of its own: a phone scrolls it, since its letters would be too small to read otherwise.
    """
    from markupsafe import Markup

    width, height = (round(pixels * 100 / DPI) for pixels in struct.unpack(">II", png[16:24]))
    return Markup('width="{}" height="{}"{}').format(width, height, Markup(' class="wide"') if width > WIDE else "")


def markdown(page: Page) -> str:
    """The report as Markdown, which links the images in the folder `plots` beside it."""
    tables, figures = count(1), count(1)
    paragraphs = [f"# {escape(page.title)}", escape(page.subtitle)]
    paragraphs.append("\n".join(f"{n}. [{escape(s.title)}](#{s.key})" for n, s in enumerate(page.sections, start=1)))
    for number, section in enumerate(page.sections, start=1):
        paragraphs.append(f'<a id="{section.key}"></a>\n\n## {number}. {escape(section.title)}')
        for block in section.blocks:
            paragraphs += _paragraphs(block, tables, figures)
    return "\n\n".join(paragraphs) + "\n"


def escape(text: str) -> str:
    """The text with a backslash before every character that has a meaning in Markdown."""
    return re.sub(r"([\\`*_{}\[\]<>#|$~&])", r"\\\1", " ".join(text.split()))


def _paragraphs(block: Block, tables: Iterator[int], figures: Iterator[int]) -> list[str]:
    """The paragraphs of a block as Markdown, which take the next numbers of tables and figures."""
    match block:
        case Text(text):
            return [escape(text)]
        case Notice(text):
            return [f"> **{escape(text)}**"]
        case Points(items):
            return ["\n".join(f"- **{escape(term)}.** {escape(text)}" for term, text in items)]
        case Tiles(items):
            return [_grid(("", "", ""), items, "lrl")]
        case Code(text):
            return ["\n".join(f"    {line}" for line in text.splitlines())]
        case Table():
            caption = f"**Table {next(tables)}.** {escape(block.caption)}"
            return [caption, _grid(block.head, block.rows, block.align)]
        case Images(images):
            return [_image(image, next(figures)) for image in images]
        case Gallery():
            return [_image(block.sheet, next(figures))]
        case Columns(left, right):
            return [text for inner in left + right for text in _paragraphs(inner, tables, figures)]


def _image(image: Image, number: int) -> str:
    return f"![{escape(image.alt)}](plots/{image.name}.png)\n\n**Figure {number}.** {escape(image.caption)}"


def _grid(head: tuple[str, ...], rows: tuple[tuple[str, ...], ...], align: str) -> str:
    rule = [":---" if letter == "l" else "---:" for letter in align]
    lines = [[escape(cell) for cell in head], rule, *([escape(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def images(sections: tuple[Section, ...]) -> Iterator[Image]:
    """Every image that belongs into the folder `plots`."""
    for section in sections:
        for block in section.blocks:
            yield from _images(block)


def _images(block: Block) -> Iterator[Image]:
    match block:
        case Images(items):
            yield from items
        case Gallery():
            yield block.sheet
        case Columns(left, right):
            for inner in left + right:
                yield from _images(inner)
