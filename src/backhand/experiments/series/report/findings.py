"""The findings on a part, in sentences that are written only where the figures support them."""

from collections.abc import Iterator
from math import comb

from backhand.experiments.series.record import Cell
from backhand.experiments.series.report.fit import fit_of
from backhand.page.chance import differ
from backhand.page.numbers import counted, duration, listed, percent
from backhand.study.series import Part
from backhand.training.metrics import ACCURACY

METRIC = "validation_accuracy"
# The words after a number of cells for each fit: of one cell, and of several.
VERBS = {
    "underfits": ("underfits", "underfit"),
    "fits": ("fits well", "fit well"),
    "overfits": ("overfits", "overfit"),
    "failed": ("failed", "failed"),
    "diverged": ("diverged", "diverged"),
}
FEWEST_ORDERS = 20  # possible orders of the runs of two cells from which one order is significant: 1 in 20 by chance


def findings(part: Part, cells: tuple[Cell, ...]) -> Iterator[tuple[str, str]]:
    """Yield the findings on the part: headings and sentences."""
    ranked = sorted((cell for cell in cells if cell.mean(METRIC) is not None), key=_cost)
    if len(ranked) > 1:
        yield "Best", _best_sentence(ranked)
        varied = (axis.name for axis in part.axes if len({cell.labels[axis.name] for cell in ranked}) > 1)
        yield from ((f"By {name}", _axis_sentence(name, ranked)) for name in varied)
    for cell in cells:
        for failure in cell.failures[:1]:
            yield "Training failed", f"{cell.phrase}{_failure_count(cell)}. {failure}"
    if diverged := [cell for cell in cells if cell.diverged]:
        yield "Diverged", f"{'; '.join(cell.phrase for cell in diverged)}."
    words = [fit_of(cell, cells).word for cell in cells]
    if len(cells) > 1 and any(words):
        counts = [(words.count(word), verbs) for word, verbs in VERBS.items() if word in words]
        phrases = [f"{count} {verbs[count > 1]}" for count, verbs in counts]
        yield "Fit", f"Of {len(cells)} cells, {listed(phrases)}."
    if times := [seconds for cell in cells for seconds in cell.values("seconds")]:
        shortest, longest = duration(min(times)), duration(max(times))
        spread = f" in all, from {shortest} to {longest} each" if len(times) > 1 else ""
        yield "Time", f"{counted(len(times), 'run')} took {duration(sum(times))}{spread}."


def _score(cell: Cell) -> float:
    return cell.mean(METRIC) or 0.0


def _cost(cell: Cell) -> float:
    return ACCURACY.cost(cell.mean(METRIC))


def _failure_count(cell: Cell) -> str:
    return f" ({len(cell.failures)} of {len(cell.runs)} runs)" if len(cell.runs) > 1 else ""


def _best_sentence(ranked: list[Cell]) -> str:
    first, second = ranked[:2]
    test = first.mean("test_accuracy")
    test_text = f" (test accuracy {percent(test)})" if test is not None else ""
    best = f"The highest validation accuracy, {percent(_score(first))}{test_text}, belongs to {first.phrase}."
    return f"{best} {next_sentence(first, second)}"


def next_sentence(first: Cell, second: Cell) -> str:
    """Say how far the second best cell is behind the best, and how certain their order is."""
    points = f"{100 * (_score(first) - _score(second)):.2f}"
    if points == "0.00":
        return f"The next, {second.phrase}, is equal to it {_certainty(first, second)}."
    return f"The next, {second.phrase}, is {points} percentage points lower {_certainty(first, second)}."


def _certainty(first: Cell, second: Cell) -> str:
    """Say in parentheses how certain the order of two cells is, as far as the seeds show it."""
    seeds = min(len(first.runs), len(second.runs))
    if seeds == 1:
        return f"(one seed, so that the spread is unknown{_chance_remark(first, second)})"
    if min(first.values(METRIC)) <= max(second.values(METRIC)):
        return f"({seeds} seeds; the ranges overlap, so that no difference is shown)"
    remark = "" if _is_significant(first, second) else ", but so few runs show no difference"
    return f"({seeds} seeds; the ranges do not overlap{remark})"


def _chance_remark(first: Cell, second: Cell) -> str:
    """Return a remark where the validation samples are so few that chance can make the difference, else no text."""
    counts = [cell.mean("validation_count") for cell in (first, second)]
    first_count, second_count = (round(count) if count else 0 for count in counts)
    fewer = min(first_count, second_count)
    if not fewer or differ(_score(first), first_count, _score(second), second_count):
        return ""
    return f"; chance alone can make this difference on {counted(fewer, 'validation sample')}"


def _is_significant(first: Cell, second: Cell) -> bool:
    """Whether all runs of the first cell are above all runs of the second, and are enough to exclude chance at 5%.

    Of n and m runs, one order in (n + m)! / (n! m!) is such: the rank-sum test (Wilcoxon 1945).
    """
    runs = len(first.runs), len(second.runs)
    return comb(sum(runs), runs[0]) >= FEWEST_ORDERS and min(first.values(METRIC)) > max(second.values(METRIC))


def part_comparison(cells: tuple[Cell, ...], name: str, others: tuple[Cell, ...]) -> Iterator[tuple[str, str]]:
    """Yield a comparison of the best of these cells with the best of another part, where both parts have one."""
    groups = [[cell for cell in group if cell.mean(METRIC) is not None] for group in (cells, others)]
    if all(groups):
        first, second = sorted((min(group, key=_cost) for group in groups), key=_cost)
        gap = f"{100 * (_score(first) - _score(second)):.2f} percentage points above {second.phrase}"
        sentence = f"Of the best cells of both, {first.phrase} is {gap} on validation data {_certainty(first, second)}."
        yield f"Compared with {name}", sentence


def _axis_sentence(axis: str, ranked: list[Cell]) -> str:
    """Name the score of the best cell of each case. ranked: the cells from the best to the worst."""
    best: dict[str, Cell] = {}
    for cell in ranked:
        best.setdefault(cell.labels[axis], cell)
    scores = "; ".join(f"{case}: {percent(_score(cell))}" for case, cell in best.items())
    return f"The highest validation accuracy for each {axis} is: {scores}."
