"""One finding in a terminal: the sentence to read first, then what was measured, why, and the change that mends it."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Column
from rich.text import Text

from backhand.check.derivations import page_file
from backhand.check.review.forms import maps, wording
from backhand.check.review.forms.listing import lines_around
from backhand.check.review.forms.styles import AFTER, BEFORE, CODE_STYLE, FAINT, STYLES, grid, indented, marked_up
from backhand.check.review.records import Change, Finding, Picture

INDENT = 3
MOST_COLUMNS = 30  # of a map


def show_finding(number: int, name: str, finding: Finding, target: str) -> Iterator[RenderableType]:
    """The lines of a finding. number: its place on the page.   name: the layer's."""
    yield Text.assemble((f"{number}. ", "bold"), (name, "bold"), ": ", (finding.severity, STYLES[finding.severity]))
    yield indented(marked_up(wording.headline(finding, target), "bold"), INDENT)
    table = grid(Column("", style=FAINT, no_wrap=True), Column(""), headings=False)
    for title, content in _rows(finding, target):
        table.add_row(title, content)
    if table.row_count:
        yield indented(table, INDENT)


def _rows(finding: Finding, target: str) -> Iterator[tuple[str, RenderableType]]:
    code = "" if finding.change else _code(finding, target)
    if code:
        yield "code", Text(code, CODE_STYLE)
    for title, text in wording.details(finding):
        yield title, marked_up(text, derivation_link(finding.page) if text.endswith(f"/{finding.page}") else "")
    if finding.picture is not None:
        yield "map", _map(finding.picture)
    if finding.change is not None:
        yield "change", Group(wording.change_title(finding, target), *_difference(finding.change))


def derivation_link(page: str) -> str:
    """A style by which terminals open the derivation where one clicks on it; "" where it is not installed."""
    file = page_file(page)
    return "" if file is None else f"link {file.as_uri()}"


def _code(finding: Finding, target: str) -> str:
    """The line of the file at which a finding is."""
    lines = lines_around(finding.place, target, 0) if finding.place else []
    return lines[0].text.strip() if lines else ""


def _difference(change: Change) -> Iterator[Text]:
    for sign, code, style in (("-", change.before, BEFORE), ("+", change.after, AFTER)):
        for line in code.splitlines():
            yield Text(f"{sign} {line}", style)


def _map(picture: Picture) -> RenderableType:
    """Where a gradient is wrong, as letters."""
    wrong, total = maps.wrong_entries(picture), len(picture.given)
    if wrong == total:
        return Text(f"all {total} entries of the gradient are wrong, with {picture.configuration}.")
    lines = [Text(f"{wrong} of {total} entries of the gradient are wrong (x), with {picture.configuration}:")]
    drawn = list(maps.letters(picture))
    for index, rows in drawn:
        lines += [Text(index, FAINT)] if index else []
        lines += [Text(row[: 2 * MOST_COLUMNS]) for row in rows]
    if (more := maps.panel_count(picture) - len(drawn)) > 0:
        lines.append(Text(f"and {more} more parts", FAINT))
    return Group(*lines)
