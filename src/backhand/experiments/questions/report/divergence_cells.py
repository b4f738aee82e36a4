"""How each training of the question about divergence ended, and which cells of its map the report shows."""

import math

from backhand.experiments.questions.observations import Losses
from backhand.experiments.questions.record import Answer, Cell

# The share of the loss before training below which a loss has fallen. The difference is two standard errors of a mean
# over `questions.divergence.SAMPLES`.
FALL = 0.9


def observation(cell: Cell) -> Losses:
    """The losses that were measured in the cell."""
    assert isinstance(cell.found, Losses)
    return cell.found


def diverged_cells(answer: Answer) -> list[Cell]:
    """The cells whose training the divergence guard stopped."""
    return [cell for cell in answer.cells if observation(cell).message]


def loss_fell(cell: Cell) -> bool:
    """Whether the loss was, at any time, a tenth or more below the loss before training."""
    first, lowest = first_and_lowest(cell)
    return first is not None and lowest is not None and lowest < FALL * first


def first_and_lowest(cell: Cell) -> tuple[float | None, float | None]:
    """The loss before training and the lowest loss since, as means over samples.

    Earlier versions did not save these means; for their folders both are losses of single batches.
    """
    losses = observation(cell)
    return (losses.start, losses.least) if "start" in losses.model_fields_set else (losses.first, losses.lowest)


def accuracy(cell: Cell) -> float:
    """The validation accuracy after the last epoch; NaN where the training diverged."""
    return math.nan if observation(cell).message else float(observation(cell).validation_accuracy[-1])


def learned(answer: Answer, cell: Cell) -> bool:
    """Whether the training ended better than a constant answer, by more than two standard errors."""
    return answer.better_than_chance(accuracy(cell))


def unlearned_cells(answer: Answer) -> list[Cell]:
    """The cells whose training did not diverge and yet learned nothing."""
    return [cell for cell in answer.cells if not observation(cell).message and not learned(answer, cell)]


def example(answer: Answer) -> Cell | None:
    """The diverged cell whose loss had fallen the farthest; None where no training diverged after a step."""
    cells = [cell for cell in diverged_cells(answer) if observation(cell).first]
    return min(cells, key=_lowest_share, default=None)


def _lowest_share(cell: Cell) -> float:
    """The lowest loss as a share of the loss before training; 1 where it did not fall."""
    first, lowest = first_and_lowest(cell)
    return lowest / first if first and lowest is not None else 1.0


def advised_cells(answer: Answer, cell: Cell) -> dict[str, Cell | None]:
    """The cells of the map to which the solver's advice leads: a tenth of the learning rate, or twice the batch size.

    None where the map has no such cell.
    """
    lr, size = cell.settings["lr"], cell.settings["batch_size"]
    lower = [other for other in answer.cells_with(batch_size=size) if math.isclose(other.settings["lr"], lr / 10)]
    return {
        "a tenth of the learning rate": next(iter(lower), None),
        "twice the batch": next(iter(answer.cells_with(lr=lr, batch_size=2 * size)), None),
    }


def rate_limits(answer: Answer) -> dict[int, float]:
    """For each batch size, the highest learning rate at which, and at all lower ones, a training learned."""
    rates = {}
    for size in answer.axis("batch_size"):
        for cell in sorted(answer.cells_with(batch_size=size), key=lambda cell: cell.settings["lr"]):
            if not learned(answer, cell):
                break
            rates[size] = cell.settings["lr"]
    return dict(sorted(rates.items()))
