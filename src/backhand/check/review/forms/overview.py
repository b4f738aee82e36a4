"""Many reviews at once: a table of the submissions, and the mistakes that they share, in a terminal and as a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

import backhand
from backhand.check.review.forms import html, wording
from backhand.check.review.forms.styles import STYLES, grid, heading, indented
from backhand.check.review.groups import Group, group
from backhand.check.review.records import Review
from backhand.page.numbers import counted, duration

MOST_NAMES = 4  # of submissions that are named beside a mistake in a terminal
RESULTS = "right", "wrong", "wrong elsewhere"


@dataclass(frozen=True)
class Row:
    """A submission in the table. name: as short as it can be.   counts: of layers, by their result."""

    name: str
    review: Review
    counts: dict[str, int]

    @property
    def result(self) -> str:
        """The result in a word."""
        if wording.is_wrong(self.review.findings):
            return "wrong" if any(each.severity == "wrong" for each in self.review.findings) else "wrong elsewhere"
        if not wording.checked(self.review):
            return "not checked"
        return "not finished" if self.review.failure else "right"

    @property
    def open(self) -> int:
        """The number of layers that were not understood or are not written yet."""
        return len(self.review.unread) + len(wording.unfinished(self.review))


def rows(reviews: Sequence[Review]) -> list[Row]:
    """The table of submissions."""
    names = short_names([review.target for review in reviews])
    return [Row(names[review.target], review, _counts(review)) for review in reviews]


def _counts(review: Review) -> dict[str, int]:
    results = [str(unit.worst) if wording.is_wrong(unit.findings) else "right" for unit in wording.checked(review)]
    return {result: results.count(result) for result in RESULTS}


def short_names(targets: Sequence[str]) -> dict[str, str]:
    """The targets without the folder that they share."""
    parents = {Path(target).parent for target in targets}
    return {target: Path(target).name if len(parents) == 1 else target for target in targets}


def show(console: Console, reviews: Sequence[Review], seconds: float) -> None:
    """Print the table, the shared mistakes, and a sentence with the counts."""
    console.print(indented(_table(rows(reviews)), 0))
    groups = group(reviews)
    if groups:
        console.print()
        console.print(heading("The same mistakes"))
        names = short_names([review.target for review in reviews])
        console.print(indented(_shared(groups, names)))
    console.print()
    console.print(Text(f"{conclusion(reviews)} It took {duration(seconds)}.", "bold"))


def _table(table_rows: Sequence[Row]) -> Table:
    numbers = [Column(title, justify="right") for title in ("right", "wrong", "elsewhere", "open")]
    table = grid(Column("submission"), "result", *numbers, "remark")
    for row in table_rows:
        counts = (str(row.counts[result]) for result in RESULTS)
        result = Text(row.result, STYLES.get(row.result, STYLES["not checked"]))
        table.add_row(Text(row.name, "bold"), result, *counts, str(row.open), row.review.failure)
    return table


def _shared(groups: Sequence[Group], names: dict[str, str]) -> Table:
    table = grid(Column("submissions", justify="right"), "kind", "mistake", "in")
    for each in groups:
        shown = [names[target] for target in each.targets[:MOST_NAMES]]
        more = len(each.targets) - len(shown)
        table.add_row(
            str(len(each.targets)),
            each.kind or wording.NONE,
            each.cause,
            ", ".join([*shown, f"{more} more"] if more else shown),
        )
    return table


def conclusion(reviews: Sequence[Review]) -> str:
    """How many submissions are right, wrong, or could not be checked."""
    results = [row.result for row in rows(reviews)]
    order = (*RESULTS, "not finished", "not checked")
    counts = [f"{results.count(result)} {result}" for result in order if result in results]
    return f"{counted(len(reviews), 'submission')}: {', '.join(counts)}."


def page(reviews: Sequence[Review], title: str) -> str:
    """One page with the table, the shared mistakes, and every review in full."""
    names = short_names([review.target for review in reviews])
    return html.render(
        "overview.html.j2",
        title=title,
        subtitle=f"Backhand {backhand.__version__}",
        conclusion=conclusion(reviews),
        rows=rows(reviews),
        groups=group(reviews),
        names=names,
        links={review.target: f"review-{number}" for number, review in enumerate(reviews, start=1)},
        results=RESULTS,
    )
