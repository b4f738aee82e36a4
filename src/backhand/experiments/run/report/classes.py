"""Findings on the classes: which are hard to recognise, which are confused, and whether rare ones do worse."""

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backhand.experiments.run.record import Run
from backhand.experiments.run.split_scores import ClassScore, TestScore
from backhand.page.chance import Z, fewer_than_chance, more_than_chance, wilson
from backhand.page.numbers import count, counted, percent

Finding = tuple[str, str]


class Confusion(NamedTuple):
    """How often samples of one class were taken for another; `share` is that of the true class's samples."""

    true: str
    predicted: str
    times: int
    share: float


class ClassErrors(NamedTuple):
    """How many samples of a class were given a wrong one: their share, and the 95% interval of that share."""

    name: str
    samples: int
    errors: int
    share: float
    low: float
    high: float


def errors_by_class(classes: Sequence[str], counts: NDArray[np.int64]) -> list[ClassErrors]:
    """The errors of every class that occurs, from a confusion matrix (K, K) with a row per true class."""
    samples, wrong = counts.sum(axis=1).tolist(), (counts.sum(axis=1) - counts.diagonal()).tolist()
    rows = zip(classes, samples, wrong, strict=True)
    return [ClassErrors(name, n, errors, errors / n, *wilson(errors, n)) for name, n, errors in rows if n]


def rare_or_hard(test: TestScore) -> Finding | None:
    """That the accuracy is mostly that of frequent classes, or else which class is recognised least often."""
    return _rare(test) or _hardest(test)


def _rare(test: TestScore) -> Finding | None:
    """That rare classes do worse, where the macro-averaged recall is below the accuracy by more than both errors."""
    mean = test.macro.recall
    if mean is None or mean >= test.interval[0] or mean + Z * _recall_error(test) >= test.accuracy:
        return None
    hardest = _hardest(test)
    return (
        "Rare classes",
        f"The mean recall over the classes (balanced accuracy) is {percent(mean)}, "
        f"{100 * (test.accuracy - mean):.2f} percentage points below the accuracy: frequent classes are recognised "
        f"more often than rare ones.{f' {hardest[1]}' if hardest else ''}",
    )


def _recall_error(test: TestScore) -> float:
    """The standard error of the macro-averaged recall.

    For the error of each recall, one right and one wrong sample are added, so that a recall of 0 or 1 has an error too.
    """
    recalls = [((_correct(row) + 1) / (row.support + 2), row.support) for row in test.per_class if row.support]
    return sqrt(sum(share * (1 - share) / support for share, support in recalls)) / len(test.per_class)


def _correct(row: ClassScore) -> int:
    """The number of samples of the class that were recognised."""
    return round((row.recall or 0.0) * row.support)


def _hardest(test: TestScore) -> Finding | None:
    """The class with the lowest recall, or how many have it, where chance does not explain it."""
    lowest = min((row.recall for row in test.per_class if row.recall is not None), default=1.0)
    weak = [row for row in test.per_class if row.recall == lowest and _harder(row, test)]
    if not weak:
        return None
    subject = f"“{weak[0].name}” ({counted(weak[0].support, 'test sample')}) was"
    if len(weak) > 1:
        subject = f"{len(weak)} classes, “{weak[0].name}” among them, were"
    return "Hardest class", f"{subject} recognised least often: recall {percent(lowest)}."


def _harder(row: ClassScore, test: TestScore) -> bool:
    """Whether a class is recognised less often than all others together, by more than chance explains."""
    others = test.count - row.support
    correct_of_others = sum(map(_correct, test.per_class)) - _correct(row)
    return bool(others) and fewer_than_chance(
        _correct(row), row.support, correct_of_others / others, tries=len(test.per_class)
    )


def confusions(run: Run, test: TestScore) -> list[Confusion]:
    """The pairs of classes that were confused, the most frequent first."""
    return confused(run.classes, np.array(test.confusion))


def confused(classes: Sequence[str], counts: NDArray[np.int64]) -> list[Confusion]:
    """The pairs of classes off the diagonal of a confusion matrix (K, K), the most frequent first."""
    support = counts.sum(axis=1)
    pairs = [(i, j) for i, j in np.argwhere(counts) if i != j]
    pairs.sort(key=lambda pair: -counts[pair])
    return [Confusion(classes[i], classes[j], int(counts[i, j]), float(counts[i, j] / support[i])) for i, j in pairs]


def commonest_confusion(run: Run, test: TestScore) -> Finding | None:
    """The commonest confusion, where it is more frequent than chance explains; else how the mistakes are spread."""
    mixups = confusions(run, test)
    if not mixups:
        return ("Confusions", "No test sample was given a wrong class.") if test.correct == test.count else None
    if _stands_out(mixups, test):
        return "Most confused", f"{confusion_text(mixups[0])}."
    mistakes, times = sum(mixup.times for mixup in mixups), mixups[0].times
    commonest = f"the commonest occurs {_times_text(times)}, which chance explains"
    frequency = "no pair occurs more than once" if times == 1 else commonest
    return (
        "Confusions",
        f"The {counted(mistakes, 'mistake')} spread over {counted(len(mixups), 'pair')} of classes; {frequency}.",
    )


def _stands_out(mixups: list[Confusion], test: TestScore) -> bool:
    """Whether the first is more frequent than chance explains, if the mistakes of a class fell evenly on all others."""
    first, others = mixups[0], len(test.per_class) - 1
    support = next(row.support for row in test.per_class if row.name == first.true)
    cells = len(test.per_class) * others
    return more_than_chance(
        first.times, sum(mixup.times for mixup in mixups), support / test.count / others, tries=cells
    )


def confusion_text(mixup: Confusion) -> str:
    """A confusion in words: “4” was taken for “9” 5 times (14.29% of its test samples)."""
    return (
        f"“{mixup.true}” was taken for “{mixup.predicted}” {_times_text(mixup.times)} "
        f"({percent(mixup.share)} of its test samples)"
    )


def _times_text(times: int) -> str:
    return {1: "once", 2: "twice"}.get(times, f"{count(times)} times")
