"""Many reviews at once: a table of the submissions, and the mistakes that they share, in a terminal and as a page."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console, RenderableType
from rich.table import Column, Table
from rich.text import Text

import backhand
from backhand.check.review.forms import html, terminal, wording
from backhand.check.review.forms.styles import STYLES, grid, heading, indented, marked_up
from backhand.check.review.groups import Group, group
from backhand.check.review.records import Review
from backhand.page.numbers import counted, duration

MOST_NAMES = 4  # of submissions that are named beside a mistake in a terminal
RESULTS = "right", "wrong", "wrong elsewhere"
SUBMISSION = "submission"
MISTAKES = "Mistakes, the most frequent first"


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
    def numbers(self) -> list[str]:
        """How many layers are right, wrong, wrong elsewhere, and open: not understood, or not written yet."""
        opened = len(self.review.unread) + len(wording.unfinished(self.review))
        return [str(count) if count else wording.NONE for count in (*self.counts.values(), opened)]

    @property
    def causes(self) -> list[str]:
        """The names of its mistakes."""
        return list(
            dict.fromkeys(filter(None, (each.cause for each in filter(wording.is_mistake, self.review.findings))))
        )

    @property
    def reason(self) -> str:
        """Why it was not checked to the end; "" where it was."""
        if self.review.failure or wording.checked(self.review):
            return wording.sentence(self.review.failure)
        return next((sentences[0] for _, sentences in wording.notes(self.review)), wording.conclusion(self.review))


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
    """Print the table, what was not checked to the end, the mistakes, and a sentence with the counts."""
    terminal.print_parts(console, _render(reviews, seconds))


def _render(reviews: Sequence[Review], seconds: float) -> Iterator[RenderableType]:
    table_rows, groups = rows(reviews), group(reviews)
    yield terminal.block(_table(table_rows))
    if reasons := [(row.name, row.reason) for row in table_rows if row.reason]:
        lines = (indented(marked_up(f"{name}: {reason}")) for name, reason in reasons)
        yield terminal.block(heading("Not checked to the end"), *lines)
    if groups:
        shared = _mistakes(groups, short_names([review.target for review in reviews]))
        yield terminal.block(heading(MISTAKES), indented(shared))
    yield Text(f"{conclusion(reviews)} It took {duration(seconds)}.", "bold")


def _table(table_rows: Sequence[Row]) -> Table:
    numbers = [Column(title, justify="right") for title in ("right", "wrong", "elsewhere", "open")]
    table = grid(Column("submission"), Column("result", no_wrap=True), *numbers, "mistakes")
    for row in table_rows:
        result = Text(row.result, STYLES.get(row.result, STYLES["not checked"]))
        table.add_row(Text(row.name, "bold"), result, *row.numbers, ", ".join(row.causes))
    return table


def _mistakes(groups: Sequence[Group], names: Mapping[str, str]) -> Table:
    table = grid(Column("submissions", justify="right"), "kind", "mistake", "in")
    for each in groups:
        shown = [names[target] for target in each.targets[:MOST_NAMES]]
        more = len(each.targets) - len(shown)
        listed = ", ".join([*shown, f"{more} more"] if more else shown)
        table.add_row(str(len(each.targets)), each.kind or wording.NONE, each.cause, listed)
    return table


def conclusion(reviews: Sequence[Review], noun: str = SUBMISSION) -> str:
    """How many submissions, or whatever they are, are right, wrong, or could not be checked."""
    results = [row.result for row in rows(reviews)]
    order = (*RESULTS, "not finished", "not checked")
    counts = [f"{results.count(result)} {result}" for result in order if result in results]
    return f"{counted(len(reviews), noun)}: {', '.join(counts)}."


def page(reviews: Sequence[Review], title: str, noun: str = SUBMISSION) -> str:
    """One page with the table, the shared mistakes, and every review in full. noun: what each of them is."""
    names = short_names([review.target for review in reviews])
    return html.render(
        "overview.html.j2",
        title=title,
        subtitle=f"Backhand {backhand.__version__}",
        conclusion=conclusion(reviews, noun),
        noun=noun,
        rows=rows(reviews),
        groups=group(reviews),
        names=names,
        links={review.target: f"review-{number}" for number, review in enumerate(reviews, start=1)},
        mistakes=MISTAKES,
    )
