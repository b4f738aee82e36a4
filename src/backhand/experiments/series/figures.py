"""What a run of a series leaves, and the figures that claims are about.

A figure is named by an expression over a run's history and its final figures:

    test_accuracy               of the chosen weights; so also validation_loss, seconds, parameters, ...
    validation_accuracy@4       the best of the first 4 epochs
    epoch(train_accuracy>=1)    the first epoch where this holds
    sum(seconds)                over all runs of the part
"""

import re
from dataclasses import asdict, dataclass
from math import isfinite
from statistics import mean
from typing import Any, Self

from backhand.errors import BackhandError, StudyError
from backhand.files import jsontext
from backhand.training.metrics import METRICS, Metric, metric

WITHIN = re.compile(r"(\w+)@(\d+)")
SUM = re.compile(r"sum\((\w+)\)")
FIRST = re.compile(r"epoch\((\w+)(>=|<=)([\d.e-]+)\)")


@dataclass(frozen=True)
class Result:
    """A run that has ended: its cell, its figures, its epochs.

    status: "finished" or "diverged", as `message` says; data: the title of the data set, with the copy that it was;
    failure: why a training that came to its end counts as one that failed.
    A figure that is not finite is left out, of the figures as of an epoch.
    """

    labels: dict[str, str]
    seed: int
    status: str
    message: str
    figures: dict[str, float]
    history: list[dict[str, float]]
    settings: dict[str, Any]
    data: str = ""
    failure: str = ""

    def as_json(self) -> dict[str, Any]:
        """For a file."""
        return asdict(self)

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Self:
        """From a file, where earlier versions have null, or NaN, for a figure that is not finite."""
        figures, history = jsontext.known(saved["figures"]), list(map(jsontext.known, saved["history"]))
        return cls(**saved | {"figures": figures, "history": history})

    def figure(self, metric: str) -> float | None:
        """The figure that the expression names; None where the run has none. Raises StudyError for no expression."""
        if found := WITHIN.fullmatch(metric):
            key, count = found[1], int(found[2])
            return _metric(key).best(record.get(key) for record in self.history[:count])
        if found := FIRST.fullmatch(metric):
            key, bound = found[1], float(found[3])
            sign = 1 if found[2] == ">=" else -1
            values = ((r["epoch"], r[key]) for r in self.history if key in r and isfinite(r[key]))
            return next((epoch for epoch, value in values if sign * value >= sign * bound), None)
        check(metric)
        return self.figures.get(metric)


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


def figure(results: list[Result], metric: str) -> float | None:
    """The mean over the seeds of a cell; None unless every run has it, and a finite one."""
    found = [result.figure(metric) for result in results]
    known = [value for value in found if value is not None and isfinite(value)]
    return mean(known) if known and len(known) == len(found) else None


def total(results: list[Result], metric: str, runs: int) -> float | None:
    """What sum(...) names; None where the expression is another, and while there are fewer than so many runs."""
    found = SUM.fullmatch(metric)
    return sum(r.figures.get(found[1], 0.0) for r in results) if found and len(results) == runs else None
