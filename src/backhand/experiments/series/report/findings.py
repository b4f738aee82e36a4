"""Sentences about a part, each true by construction: said only where the figures bear it out."""

from collections.abc import Iterator
from math import comb

from backhand.experiments.series.record import Cell
from backhand.experiments.series.report.fit import verdict
from backhand.page.chance import differ
from backhand.page.numbers import counted, duration, listed, percent
from backhand.study.series import Part
from backhand.training.metrics import ACCURACY

METRIC = "validation_accuracy"
# How a number of cells is said for each verdict: of one, and of several.
VERBS = {
    "underfits": ("underfits", "underfit"),
    "fits": ("fits well", "fit well"),
    "overfits": ("overfits", "overfit"),
    "failed": ("failed", "failed"),
    "diverged": ("diverged", "diverged"),
}
SEEDS = 20  # arrangements of the runs of two cells, from which their order means something: one in 20 by chance


def findings(part: Part, cells: tuple[Cell, ...]) -> Iterator[tuple[str, str]]:
    """What can be said of the part: headings and sentences."""
    ranked = sorted((cell for cell in cells if cell.mean(METRIC) is not None), key=_cost)
    if len(ranked) > 1:
        yield "Best", _best(ranked)
        varied = (axis.name for axis in part.axes if len({cell.labels[axis.name] for cell in ranked}) > 1)
        yield from ((f"By {name}", _along(name, ranked)) for name in varied)
    for cell in cells:
        for failure in cell.failures[:1]:
            yield "Training failed", f"{cell.phrase}{_of_runs(cell)}. {failure}"
    if diverged := [cell for cell in cells if cell.diverged]:
        yield "Diverged", f"{'; '.join(cell.phrase for cell in diverged)}."
    words = [verdict(cell, cells).word for cell in cells]
    if len(cells) > 1 and any(words):
        counts = [(words.count(word), verbs) for word, verbs in VERBS.items() if word in words]
        verdicts = [f"{count} {verbs[count > 1]}" for count, verbs in counts]
        yield "Fit", f"Of {len(cells)} cells, {listed(verdicts)}."
    if times := [seconds for cell in cells for seconds in cell.values("seconds")]:
        shortest, longest = duration(min(times)), duration(max(times))
        spread = f" in all, from {shortest} to {longest} each" if len(times) > 1 else ""
        yield "Time", f"{counted(len(times), 'run')} took {duration(sum(times))}{spread}."


def _score(cell: Cell) -> float:
    return cell.mean(METRIC) or 0.0


def _cost(cell: Cell) -> float:
    return ACCURACY.cost(cell.mean(METRIC))


def _of_runs(cell: Cell) -> str:
    return f" ({len(cell.failures)} of {len(cell.runs)} runs)" if len(cell.runs) > 1 else ""


def _best(ranked: list[Cell]) -> str:
    first, second = ranked[:2]
    test = first.mean("test_accuracy")
    tested = f" (test accuracy {percent(test)})" if test is not None else ""
    best = f"The highest validation accuracy, {percent(_score(first))}{tested}, belongs to {first.phrase}."
    return f"{best} {compared(first, second)}"


def compared(first: Cell, second: Cell) -> str:
    """How sure the order of two cells is, as far as the seeds tell."""
    points = f"{100 * (_score(first) - _score(second)):.2f}"
    if points == "0.00":
        return f"The next, {second.phrase}, is equal to it {_surety(first, second)}."
    return f"The next, {second.phrase}, is {points} percentage points lower {_surety(first, second)}."


def _surety(first: Cell, second: Cell) -> str:
    seeds = min(len(first.runs), len(second.runs))
    if seeds == 1:
        return f"(one seed, so that the spread is unknown{_within_chance(first, second)})"
    if min(first.values(METRIC)) <= max(second.values(METRIC)):
        return f"({seeds} seeds; the ranges overlap, so that no difference is shown)"
    few = "" if _apart(first, second) else ", but so few runs show no difference"
    return f"({seeds} seeds; the ranges do not overlap{few})"


def _within_chance(first: Cell, second: Cell) -> str:
    """Where the validation samples are too few for this difference."""
    counts = [cell.mean("validation_count") for cell in (first, second)]
    one, other = (round(count) if count else 0 for count in counts)
    if not one or not other or differ(_score(first), one, _score(second), other):
        return ""
    return f"; chance alone can make this difference on {counted(min(one, other), 'validation sample')}"


def _apart(first: Cell, second: Cell) -> bool:
    """Whether every run of the first is above every run of the second, of so many that chance puts few so.

    Of n and m runs one order in (n + m)! / (n! m!) is such: the rank-sum test (Wilcoxon 1945) at 5%.
    """
    runs = len(first.runs), len(second.runs)
    return comb(sum(runs), runs[0]) >= SEEDS and min(first.values(METRIC)) > max(second.values(METRIC))


def against(cells: tuple[Cell, ...], name: str, others: tuple[Cell, ...]) -> Iterator[tuple[str, str]]:
    """The best of these cells compared with the best of another part; nothing where a part has none."""
    groups = [[cell for cell in group if cell.mean(METRIC) is not None] for group in (cells, others)]
    if all(groups):
        first, second = sorted((min(group, key=_cost) for group in groups), key=_cost)
        ahead = f"{100 * (_score(first) - _score(second)):.2f} percentage points above {second.phrase}"
        sentence = f"Of the best cells of both, {first.phrase} is {ahead} on validation data {_surety(first, second)}."
        yield f"Compared with {name}", sentence


def _along(axis: str, ranked: list[Cell]) -> str:
    """The best cell of each case: `ranked` is from the best to the worst."""
    best: dict[str, Cell] = {}
    for cell in ranked:
        best.setdefault(cell.labels[axis], cell)
    scores = "; ".join(f"{case}: {percent(_score(cell))}" for case, cell in best.items())
    return f"The highest validation accuracy for each {axis} is: {scores}."
