"""How the networks of a cell fit the data: a word for it, with the numbers on which it rests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

from backhand.experiments.series.record import Cell
from backhand.page.chance import differ, trend
from backhand.page.numbers import percent

# Thresholds that matter in practice. A difference counts only if it is also more than chance and noise explain.
GAP = 0.03  # training accuracy minus validation accuracy, above which a network overfits
SHORTFALL = 0.03  # distance below the best training accuracy of the part, above which a network underfits
RISE = 1.05  # last validation loss over the lowest one, above which a network overfits by the end


@dataclass(frozen=True)
class Fit:
    """How the networks of a cell fit the data.

    word: underfits, fits, overfits, failed or diverged.   reason: the figures that show it.
    """

    word: str
    reason: str


def fit_of(cell: Cell, cells: tuple[Cell, ...]) -> Fit:
    """Judge a cell by the accuracies of the last epoch, as means over the seeds, and by the validation losses.

    cells: all cells of the part.
    """
    if cell.diverged:
        return Fit("diverged", f"{cell.diverged} of {len(cell.runs)} runs")
    if cell.failures:
        return Fit("failed", f"{len(cell.failures)} of {len(cell.runs)} runs learned nothing that lasted")
    if any("validation_accuracy" not in run.history[-1] for run in cell.runs):
        return Fit("", "no validation data")
    if any("validation_loss" not in run.history[-1] for run in cell.runs):
        return Fit("failed", "the validation loss is not finite by the end")
    finished = [other for other in cells if _has_finished(other)]
    return _fit_of_finished(cell, max(finished, key=lambda other: last_mean(other, "train_accuracy")))


def _has_finished(cell: Cell) -> bool:
    return not cell.diverged and all("train_accuracy" in run.history[-1] for run in cell.runs)


def _fit_of_finished(cell: Cell, best: Cell) -> Fit:
    """Judge a cell whose runs have finished. best: the cell of the highest training accuracy in the part."""
    train, validation = last_mean(cell, "train_accuracy"), last_mean(cell, "validation_accuracy")
    best_train = last_mean(best, "train_accuracy")
    train_count, validation_count = _sample_count(cell, "train"), _sample_count(cell, "validation")
    if train - validation > GAP and _is_significant(train, train_count, validation, validation_count):
        return Fit("overfits", f"training {percent(train)}, but validation {percent(validation)}")
    if train < best_train - SHORTFALL and _is_significant(train, train_count, best_train, _sample_count(best, "train")):
        return Fit("underfits", f"training {percent(train)}, where another cell has {percent(best_train)}")
    rise = mean(_rise(run.history, validation_count) for run in cell.runs)
    if rise > RISE:
        return Fit("overfits", f"the validation loss ends at {rise:.2f} times its lowest")
    return Fit("fits", f"training {percent(train)}, validation {percent(validation)}")


def last_mean(cell: Cell, key: str) -> float:
    """Return the mean over the seeds of a figure of the last epoch."""
    return mean(run.history[-1][key] for run in cell.runs)


def _sample_count(cell: Cell, split: str) -> int:
    """Return the number of samples of a split; 0 where an earlier version saved the series without it."""
    return round(cell.mean(f"{split}_count") or 0)


def _is_significant(first: float, first_count: int, second: float, second_count: int) -> bool:
    """Whether two accuracies differ by more than chance explains; True where a number of samples is unknown."""
    return differ(first, first_count, second, second_count) if first_count and second_count else True


def _rise(history: Sequence[Mapping[str, float]], samples: int) -> float:
    """Return the last validation loss over the lowest one; 1 where chance explains the difference."""
    losses = [epoch["validation_loss"] for epoch in history if "validation_loss" in epoch]
    lowest = losses.index(min(losses))
    if samples and trend(losses, lowest, samples) != 1:
        return 1.0
    return losses[-1] / max(losses[lowest], 1e-12)
