"""Whether a network fits: a verdict on a cell, with the numbers that it rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

from backhand.experiments.series.record import Cell
from backhand.page.chance import differ, trend
from backhand.page.numbers import percent

# What matters in practice; besides, a difference counts only where the samples and the noise of the curve show it.
GAP = 0.03  # of training over validation accuracy: above it a network overfits
SHORT = 0.03  # of the best training accuracy of the part's cells: farther below it a network underfits
RISE = 1.05  # of the validation loss over its lowest: above it a network overfits by the end


@dataclass(frozen=True)
class Verdict:
    """The word is underfits, fits, overfits, failed or diverged; the reason gives the figures that say so."""

    word: str
    reason: str


def verdict(cell: Cell, cells: tuple[Cell, ...]) -> Verdict:
    """From the last epoch's accuracies, means over the seeds, and the validation losses."""
    if cell.diverged:
        return Verdict("diverged", f"{cell.diverged} of {len(cell.runs)} runs")
    if cell.failures:
        return Verdict("failed", f"{len(cell.failures)} of {len(cell.runs)} runs learned nothing that lasted")
    if any("validation_accuracy" not in run.history[-1] for run in cell.runs):
        return Verdict("", "no validation data")
    if any("validation_loss" not in run.history[-1] for run in cell.runs):
        return Verdict("failed", "the validation loss is not finite by the end")
    return _fit(cell, max((each for each in cells if _ended(each)), key=lambda each: last(each, "train_accuracy")))


def _ended(cell: Cell) -> bool:
    return not cell.diverged and all("train_accuracy" in run.history[-1] for run in cell.runs)


def _fit(cell: Cell, most: Cell) -> Verdict:
    """most: the cell of the best training accuracy."""
    train, validation = last(cell, "train_accuracy"), last(cell, "validation_accuracy")
    best = last(most, "train_accuracy")
    samples, held = _samples(cell, "train"), _samples(cell, "validation")
    if train - validation > GAP and _shown(train, samples, validation, held):
        return Verdict("overfits", f"training {percent(train)}, but validation {percent(validation)}")
    if train < best - SHORT and _shown(train, samples, best, _samples(most, "train")):
        return Verdict("underfits", f"training {percent(train)}, where another cell has {percent(best)}")
    rise = mean(_rise(run.history, held) for run in cell.runs)
    if rise > RISE:
        return Verdict("overfits", f"the validation loss ends at {rise:.2f} times its lowest")
    return Verdict("fits", f"training {percent(train)}, validation {percent(validation)}")


def last(cell: Cell, key: str) -> float:
    """A figure of the last epoch, as the mean over the seeds."""
    return mean(run.history[-1][key] for run in cell.runs)


def _samples(cell: Cell, split: str) -> int:
    """How many a part has; 0 of a series of an earlier version, which did not say."""
    return round(cell.mean(f"{split}_count") or 0)


def _shown(first: float, samples: int, second: float, others: int) -> bool:
    return differ(first, samples, second, others) if samples and others else True


def _rise(history: Sequence[Mapping[str, float]], samples: int) -> float:
    """The validation loss by the end over its lowest; 1 where chance explains the difference."""
    losses = [record["validation_loss"] for record in history if "validation_loss" in record]
    since = losses.index(min(losses))
    if samples and trend(losses, since, samples) != 1:
        return 1.0
    return losses[-1] / max(losses[since], 1e-12)
