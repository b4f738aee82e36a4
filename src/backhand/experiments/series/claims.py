"""The verdicts on the claims of a series: our figure beside the reported one, and whether it meets the target."""

from collections.abc import Iterator

from backhand.experiments.series.figures import SUM, mean_figure, total
from backhand.experiments.series.forms import Result, Verdict
from backhand.study.series import Claim, Part, Series
from backhand.training.metrics import ACCURACY


def verdicts(series: Series, results: dict[str, list[Result]]) -> list[Verdict]:
    """Return a verdict on every claim. Claims of parts that the command line changed are not judged."""
    return [
        _verdict(part, claim, results[part.name], is_judged=not series.decisive_changes(part))
        for part in series.parts
        for claim in part.claims
    ]


def _verdict(part: Part, claim: Claim, results: list[Result], *, is_judged: bool) -> Verdict:
    cell: dict[str, str] = {}
    if SUM.fullmatch(claim.metric):
        ours = total(results, claim.metric, part.seeds * sum(1 for _ in part.cells()))
    else:
        cells = [group for group in results_by_cell(results) if claim.at.items() <= group[0].labels.items()]
        best = min(cells, key=_validation_cost, default=None)
        ours = None if best is None else mean_figure(best, claim.metric)
        cell = {} if best is None else best[0].labels
    return Verdict(
        part=part.name,
        what=claim.what,
        metric=claim.metric,
        cell=cell,
        reported=claim.reported,
        ours=ours,
        least=claim.least,
        most=claim.most,
        judged=is_judged,
    )


def results_by_cell(results: list[Result]) -> Iterator[list[Result]]:
    """Yield the results of each cell, one per seed."""
    cells: dict[tuple[tuple[str, str], ...], list[Result]] = {}
    for result in results:
        cells.setdefault(tuple(result.labels.items()), []).append(result)
    yield from cells.values()


def _validation_cost(results: list[Result]) -> float:
    """Return the key that sorts cells, the best first. A cell in which a run diverged comes last."""
    return ACCURACY.cost(mean_figure(results, "validation_accuracy"))
