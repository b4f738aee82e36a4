"""Saved results of cells, and the text of a series that they are of."""

from backhand.experiments.series.forms import Result
from backhand.experiments.series.record import Cell

SERIES = """
name = "rates"
title = "Rates & widths"
minutes = 1
memory = 0.1

[[parts]]
name = "rates"
title = "Two rates, two widths"
study = "digits"
seeds = 2

[[parts.axes]]
name = "rate"
key = "train.optimizer.lr"
values = [0.1, 1.0]

[[parts.axes]]
name = "width"
key = "model.hidden"
values = [[5], [9]]

[[parts.claims]]
what = "the best"
least = 0.9
"""


def run(train, validation, *, labels=None, seed=0, status="finished", losses=(0.5, 0.5)):
    """A saved run that ends with these accuracies."""
    history = [
        {
            "epoch": epoch,
            "elapsed": 1.0 * epoch,
            "train_accuracy": train,
            "validation_accuracy": validation,
            "train_error": 1 - train,
            "validation_error": 1 - validation,
            "validation_loss": loss,
        }
        for epoch, loss in enumerate(losses, start=1)
    ]
    figures = {"seconds": 2.0}
    if status == "finished":
        figures |= {"train_accuracy": train, "validation_accuracy": validation, "test_accuracy": validation - 0.01}
    facts = {"seed": seed, "status": status, "data": "Digits (a copy)"}
    return Result.model_validate({"labels": labels or {}, "figures": figures, "history": history} | facts)


def cell(name, *runs):
    return Cell({"axis": name}, runs)


GOOD = cell("good", run(0.99, 0.985))
