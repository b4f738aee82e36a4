"""Claims beside our figures: what was reported, what came out, the difference, and whether it is enough."""

from collections.abc import Iterator

from backhand.experiments.series.figures import SUM, mean_figure, total
from backhand.experiments.series.forms import Result, Verdict
from backhand.study.series import Claim, Part, Series
from backhand.training.metrics import ACCURACY


def verdicts(series: Series, results: dict[str, list[Result]]) -> list[Verdict]:
    """Every claim of every part; those of parts that the command line changed are shown and not judged."""
    return [
        _verdict(part, claim, results[part.name], judged=not series.alterations(part))
        for part in series.parts
        for claim in part.claims
    ]


def _verdict(part: Part, claim: Claim, results: list[Result], *, judged: bool) -> Verdict:
    labels: dict[str, str] = {}
    if SUM.fullmatch(claim.metric):
        ours = total(results, claim.metric, part.seeds * sum(1 for _ in part.cells()))
    else:
        cells = [group for group in by_cell(results) if claim.at.items() <= group[0].labels.items()]
        chosen = min(cells, key=_on_validation, default=None)
        ours = None if chosen is None else mean_figure(chosen, claim.metric)
        labels = {} if chosen is None else chosen[0].labels
    return Verdict(
        part=part.name,
        what=claim.what,
        metric=claim.metric,
        cell=labels,
        reported=claim.reported,
        ours=ours,
        least=claim.least,
        most=claim.most,
        judged=judged,
    )


def by_cell(results: list[Result]) -> Iterator[list[Result]]:
    """The results of each combination of cases: one a seed."""
    cells: dict[tuple[tuple[str, str], ...], list[Result]] = {}
    for result in results:
        cells.setdefault(tuple(result.labels.items()), []).append(result)
    yield from cells.values()


def _on_validation(results: list[Result]) -> float:
    """What cells are compared by, the best first; a cell in which a run diverged comes last."""
    return ACCURACY.cost(mean_figure(results, "validation_accuracy"))
