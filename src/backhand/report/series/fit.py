"""Whether a network fits: a verdict on a cell, with the numbers that it rests on."""

from dataclasses import dataclass
from statistics import mean

from backhand.report.numbers import percent
from backhand.report.series.saved import Cell

GAP = 0.03  # of training over validation accuracy: above it a network over-fits
SHORT = 0.03  # of the best training accuracy of the part's cells: farther below it a network under-fits
RISE = 1.05  # of the validation loss over its lowest: above it a network over-fits by the end


@dataclass(frozen=True)
class Verdict:
    """under-fit, fits, over-fit, failed, or diverged; and why."""

    word: str
    reason: str


def verdict(cell: Cell, cells: tuple[Cell, ...]) -> Verdict:
    """From the last epoch's accuracies, means over the seeds, and the validation losses."""
    if cell.diverged:
        return Verdict("diverged", f"{cell.diverged} of {len(cell.runs)} runs")
    if any("validation_accuracy" not in run["history"][-1] for run in cell.runs):
        return Verdict("", "no validation data")
    if any("validation_loss" not in run["history"][-1] for run in cell.runs):
        return Verdict("failed", "the validation loss is not finite by the end")
    train, validation = last(cell, "train_accuracy"), last(cell, "validation_accuracy")
    most = max(last(each, "train_accuracy") for each in cells if not each.diverged)
    rise = mean(_rise(run["history"]) for run in cell.runs)
    if train - validation > GAP:
        return Verdict("over-fit", f"training {percent(train)} over validation {percent(validation)}")
    if train < most - SHORT:
        return Verdict("under-fit", f"training {percent(train)}, most {percent(most)}")
    if rise > RISE:
        return Verdict("over-fit", f"validation loss {rise:.2f} times its lowest by the end")
    return Verdict("fits", f"training {percent(train)}, validation {percent(validation)}")


def last(cell: Cell, key: str) -> float:
    """The last epoch's, mean over the seeds."""
    return mean(run["history"][-1][key] for run in cell.runs)


def _rise(history: list[dict[str, float]]) -> float:
    losses = [record["validation_loss"] for record in history if "validation_loss" in record]
    return losses[-1] / max(min(losses), 1e-12)
