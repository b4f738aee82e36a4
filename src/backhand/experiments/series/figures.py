"""The figures that claims are about.

An expression over a run's history and its final figures names a figure:

    test_accuracy               of the chosen weights; likewise validation_loss, seconds, parameters, ...
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

BEST_OF_FIRST = re.compile(r"(\w+)@(\d+)")
SUM = re.compile(r"sum\((\w+)\)")
FIRST_EPOCH = re.compile(r"epoch\((\w+)(>=|<=)([\d.e-]+)\)")


def figure_of(result: Result, expression: str) -> float | None:
    """Return the figure that the expression names; None where the run has none. Raises StudyError as `check` does."""
    if match := BEST_OF_FIRST.fullmatch(expression):
        key, count = match[1], int(match[2])
        return _metric(key).best(epoch.get(key) for epoch in result.history[:count])
    if match := FIRST_EPOCH.fullmatch(expression):
        key, bound = match[1], float(match[3])
        sign = 1 if match[2] == ">=" else -1
        values = ((figures["epoch"], figures[key]) for figures in result.history if key in figures)
        return next((epoch for epoch, value in values if sign * value >= sign * bound), None)
    check(expression)
    return result.figures.get(expression)


def check(expression: str) -> None:
    """Raises StudyError where an expression names no figure, or the best of one that has no better direction."""
    if match := BEST_OF_FIRST.fullmatch(expression):
        _metric(match[1])
    elif not (SUM.fullmatch(expression) or FIRST_EPOCH.fullmatch(expression) or expression.isidentifier()):
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
    """Return the mean of a figure over the seeds of a cell; None unless every run has a finite one."""
    figures = [figure_of(result, metric) for result in results]
    finite = [figure for figure in figures if figure is not None and isfinite(figure)]
    return mean(finite) if finite and len(finite) == len(figures) else None


def total(results: list[Result], metric: str, runs: int) -> float | None:
    """Return the sum that sum(...) names; None for other expressions, and until there are as many results as runs."""
    match = SUM.fullmatch(metric)
    return sum(result.figures.get(match[1], 0.0) for result in results) if match and len(results) == runs else None
