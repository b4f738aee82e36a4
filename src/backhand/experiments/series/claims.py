"""Claims beside our figures: what was reported, what came out, the difference, and whether it is enough."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from rich.table import Table

from backhand.experiments.series.figures import SUM, Result, figure, total
from backhand.page.numbers import shown
from backhand.study.series import Claim, Part, Series
from backhand.training.metrics import ACCURACY


@dataclass(frozen=True)
class Verdict:
    """A claim with our figure. cell: the cases it is of; judged: whether the runs are those that the claim is about.

    met: None where the claim asks for nothing, is not judged, or has no figure yet.
    """

    part: str
    what: str
    metric: str
    cell: dict[str, str]
    reported: float | None
    ours: float | None
    least: float | None
    most: float | None
    judged: bool = True

    @property
    def met(self) -> bool | None:
        """Whether ours is within the bounds."""
        if not self.judged or self.ours is None or (self.least is None and self.most is None):
            return None
        return (self.least is None or self.ours >= self.least) and (self.most is None or self.ours <= self.most)

    def as_json(self) -> dict[str, Any]:
        """For a file."""
        return asdict(self) | {"met": self.met}


def verdicts(series: Series, results: dict[str, list[Result]]) -> list[Verdict]:
    """Every claim of every part; those of parts that the command line changed are shown and not judged."""
    return [
        replace(_verdict(part, claim, results[part.name]), judged=not series.alterations(part))
        for part in series.parts
        for claim in part.claims
    ]


def _verdict(part: Part, claim: Claim, results: list[Result]) -> Verdict:
    if SUM.fullmatch(claim.metric):
        ours = total(results, claim.metric, part.seeds * sum(1 for _ in part.cells()))
        return Verdict(part.name, claim.what, claim.metric, {}, claim.reported, ours, claim.least, claim.most)
    cells = [group for group in by_cell(results) if claim.at.items() <= group[0].labels.items()]
    chosen = min(cells, key=_on_validation, default=None)
    ours = None if chosen is None else figure(chosen, claim.metric)
    labels = {} if chosen is None else chosen[0].labels
    return Verdict(part.name, claim.what, claim.metric, labels, claim.reported, ours, claim.least, claim.most)


def by_cell(results: list[Result]) -> Iterator[list[Result]]:
    """The results of each combination of cases: one a seed."""
    cells: dict[tuple[tuple[str, str], ...], list[Result]] = {}
    for result in results:
        cells.setdefault(tuple(result.labels.items()), []).append(result)
    yield from cells.values()


def _on_validation(results: list[Result]) -> float:
    """What cells are compared by, the best first; a cell in which a run diverged comes last."""
    return ACCURACY.cost(figure(results, "validation_accuracy"))


def table(found: list[Verdict]) -> Table:
    """As a terminal shows it."""
    made = Table("part", "figure", "run", "reported", "ours", "difference", "asked for", "", box=None, pad_edge=False)
    for column in made.columns[3:7]:
        column.justify = "right"
    for each in found:
        difference = None if each.ours is None or each.reported is None else each.ours - each.reported
        bounds = ((">=", shown(each.least, each.metric)), ("<=", shown(each.most, each.metric)))
        verdict = {True: "met", False: "MISSED", None: "" if each.judged else "not judged"}[each.met]
        figures = shown(each.reported, each.metric), shown(each.ours, each.metric)
        made.add_row(
            *(each.part, each.what, ", ".join(each.cell.values()), *figures),
            *(
                shown(difference, each.metric, signed=True),
                " ".join(f"{sign} {bound}" for sign, bound in bounds if bound),
                verdict,
            ),
        )
    return made
