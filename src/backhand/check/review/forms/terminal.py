"""A review as a page in a terminal: what was understood, the results, each mistake in full, and what was not read."""

import io
import os
import re
from collections.abc import Iterable, Iterator

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.segment import Segment, Segments
from rich.table import Column
from rich.text import Text

from backhand.check.review.forms import wording
from backhand.check.review.forms.finding import show_finding
from backhand.check.review.forms.styles import CODE_STYLE, FAINT, STYLES, grid, heading, indented, marked_up
from backhand.check.review.records import Review, UnreadUnit
from backhand.console.terminal import UNWRAPPED_WIDTH, make_console
from backhand.page.numbers import duration

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
WIDTH = 100  # columns at most: longer lines are hard to read


def page_console(*, stderr: bool = False) -> Console:
    """A console for pages of text: as wide as the terminal or as COLUMNS says, but no wider than is easy to read."""
    console = make_console(stderr=stderr)
    columns = os.environ.get("COLUMNS", "")
    if console.width == UNWRAPPED_WIDTH and columns.isdigit() and int(columns):
        console.width = int(columns)
    console.width = min(console.width, WIDTH)
    return console


def show(console: Console, review: Review) -> None:
    """Print the page."""
    print_parts(console, render(review))


def print_parts(console: Console, parts: Iterable[RenderableType]) -> None:
    """Print the parts of a page one below the other, without blanks at the ends of lines.

    Characters of the person's file that would control the terminal become question marks.
    """
    printed: list[Segment] = []
    for rendered in console.render_lines(Group(*parts), pad=False):
        line = [Segment(CONTROL.sub("?", segment.text), segment.style) for segment in rendered]
        while line and not line[-1].text.strip():
            line.pop()
        if line:
            line[-1] = Segment(line[-1].text.rstrip(), line[-1].style)
        printed += [*line, Segment.line()]
    console.print(Segments(printed), end="")


def as_text(review: Review) -> str:
    """The page as text, without colours, for messages."""
    text = io.StringIO()
    show(Console(file=text, width=WIDTH, highlight=False, markup=False, emoji=False, color_system=None), review)
    return text.getvalue()


def render(review: Review) -> Iterator[RenderableType]:
    """The parts of the page, one below the other."""
    yield _title(review)
    if review.failure:
        yield block(marked_up(review.failure, STYLES["wrong"]))
    if review.units:
        yield block(heading("What was understood"), _understood(review))
        yield block(heading("Results"), _results(review))
    for number, (unit, finding) in enumerate(wording.in_order(review), start=1):
        yield block(*show_finding(number, wording.layer_name(unit), finding, review.target))
    if review.unread:
        yield block(heading("Not understood"), *(part for unit in review.unread for part in _unread(unit, review)))
    for title, sentences in wording.notes(review):
        yield block(heading(title), *(indented(marked_up(text)) for text in sentences))
    yield marked_up(wording.conclusion(review), "bold")


def _title(review: Review) -> RenderableType:
    time = duration(review.seconds) if review.seconds else ""
    facts = ", ".join(filter(None, (wording.precision(review), time)))
    return block(Text.assemble((review.target, "bold"), (f"   {facts}", FAINT)))


def block(*parts: RenderableType) -> RenderableType:
    """Parts of the page with a blank line after them."""
    return Padding(Group(*parts), (0, 0, 1, 0))


def _understood(review: Review) -> RenderableType:
    rows = [(unit.kind or "unknown", marked_up(wording.understood(unit))) for unit in review.units]
    return _layers(review, [Column("kind", no_wrap=True), Column("how it was read")], rows)


def _results(review: Review) -> RenderableType:
    kinks = any(unit.skipped for unit in review.units)
    titles = ["configurations", *(["at kinks"] if kinks else []), "largest error"]
    rows: list[tuple[Text | str, ...]] = []
    for unit in review.units:
        verdict = wording.verdict(unit)
        result = Text(verdict, STYLES.get(verdict, STYLES["right"]))
        skipped = [str(unit.skipped or wording.NONE)] if kinks else []
        rows.append((result, wording.configurations(unit), *skipped, wording.largest_error(unit)))
    return _layers(review, [Column("result"), *(Column(each, justify="right", no_wrap=True) for each in titles)], rows)


def _layers(review: Review, columns: list[Column], rows: Iterable[tuple[Text | str, ...]]) -> RenderableType:
    """A table with a row per layer, which begins with its name and, where there are several, its file."""
    files = wording.files(review)
    table = grid(Column("name", no_wrap=True), *(["file"] if files else []), *columns)
    for number, (unit, row) in enumerate(zip(review.units, rows, strict=True)):
        table.add_row(Text(unit.name, "bold"), *files[number : number + 1], *row)
    return indented(table)


def _unread(unit: UnreadUnit, review: Review) -> Iterator[RenderableType]:
    yield indented(marked_up(wording.unread_sentence(unit, review.target)))
    if unit.spec:
        yield indented(Text("These lines, in a file of their own beside it, would explain it:", FAINT), 4)
        yield indented(Text(unit.spec, CODE_STYLE), 6)
