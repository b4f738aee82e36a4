"""The figures that claims are about.

A figure is named by an expression over a run's history and its final figures:

    test_accuracy               of the chosen weights; so also validation_loss, seconds, parameters, ...
    validation_accuracy@4       the best of the first 4 epochs
    epoch(train_accuracy>=1)    the first epoch where this holds
    sum(seconds)                over all runs of the part
"""

import re
from math import isfinite
from statistics import mean

from backhand.errors import BackhandError, StudyError
from backhand.experiments.series.forms import Result
from backhand.training.metrics import METRICS, Metric, metric

WITHIN = re.compile(r"(\w+)@(\d+)")
SUM = re.compile(r"sum\((\w+)\)")
FIRST = re.compile(r"epoch\((\w+)(>=|<=)([\d.e-]+)\)")


def figure_of(result: Result, expression: str) -> float | None:
    """The figure that the expression names; None where the run has none. Raises StudyError for no expression."""
    if found := WITHIN.fullmatch(expression):
        key, count = found[1], int(found[2])
        return _metric(key).best(record.get(key) for record in result.history[:count])
    if found := FIRST.fullmatch(expression):
        key, bound = found[1], float(found[3])
        sign = 1 if found[2] == ">=" else -1
        values = ((r["epoch"], r[key]) for r in result.history if key in r)
        return next((epoch for epoch, value in values if sign * value >= sign * bound), None)
    check(expression)
    return result.figures.get(expression)


def check(expression: str) -> None:
    """Raises StudyError for an expression that names no figure, or the best of a figure whose best nobody knows."""
    if found := WITHIN.fullmatch(expression):
        _metric(found[1])
    elif not (SUM.fullmatch(expression) or FIRST.fullmatch(expression) or expression.isidentifier()):
        raise StudyError(f'"{expression}" names no figure; see the guide on series')


def _metric(key: str) -> Metric:
    try:
        return metric(key)
    except BackhandError:
        raise StudyError(
            f'"{key}@..." would be the best {key} of the first epochs, and nothing says whether a higher or a lower '
            f"one is better; name a figure that ends in {', '.join(METRICS)}"
        ) from None


def mean_figure(results: list[Result], metric: str) -> float | None:
    """The mean over the seeds of a cell; None unless every run has it, and a finite one."""
    found = [figure_of(result, metric) for result in results]
    known = [value for value in found if value is not None and isfinite(value)]
    return mean(known) if known and len(known) == len(found) else None


def total(results: list[Result], metric: str, runs: int) -> float | None:
    """What sum(...) names; None where the expression is another, and while there are fewer than so many runs."""
    found = SUM.fullmatch(metric)
    return sum(r.figures.get(found[1], 0.0) for r in results) if found and len(results) == runs else None
