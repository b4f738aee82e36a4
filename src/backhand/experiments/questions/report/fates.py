"""What became of each training of a question about divergence, and which cells of its map are to be shown."""

import math

from backhand.experiments.questions.observations import Losses
from backhand.experiments.questions.record import Answer, Cell

FELL = 0.9  # of the loss before training: two standard errors of the mean over `questions.divergence.SAMPLES`


def seen(cell: Cell) -> Losses:
    """What was found in the cell."""
    assert isinstance(cell.found, Losses)
    return cell.found


def diverged(answer: Answer) -> list[Cell]:
    """The cells that the guard stopped."""
    return [cell for cell in answer.cells if seen(cell).message]


def fell(cell: Cell) -> bool:
    """Whether the loss was once a tenth below that before training."""
    first, lowest = fallen(cell)
    return first is not None and lowest is not None and lowest < FELL * first


def fallen(cell: Cell) -> tuple[float | None, float | None]:
    """The loss before training and its lowest since, means over samples; of an earlier version those of batches."""
    found = seen(cell)
    return (found.start, found.least) if "start" in found.model_fields_set else (found.first, found.lowest)


def accuracy(cell: Cell) -> float:
    """The validation accuracy after the last epoch; NaN where the training diverged."""
    return math.nan if seen(cell).message else float(seen(cell).validation_accuracy[-1])


def learned(answer: Answer, cell: Cell) -> bool:
    """Whether it ended better than a constant answer by more than two standard errors."""
    return answer.better_than_chance(accuracy(cell))


def came_to_nothing(answer: Answer) -> list[Cell]:
    """The cells that did not diverge, and learned nothing."""
    return [cell for cell in answer.cells if not seen(cell).message and not learned(answer, cell)]


def exhibit(answer: Answer) -> Cell | None:
    """The divergence whose loss fell the farthest before; None where nothing diverged after a step."""
    gone = [cell for cell in diverged(answer) if seen(cell).first]
    return min(gone, key=_share_left, default=None)


def _share_left(cell: Cell) -> float:
    """The lowest loss as a share of that before training; 1 where it did not fall."""
    first, lowest = fallen(cell)
    return lowest / first if first and lowest is not None else 1.0


def advised(answer: Answer, cell: Cell) -> dict[str, Cell | None]:
    """The cells of the map that the solver advises: a tenth of the rate, or twice the batch."""
    lr, size = cell.short["lr"], cell.short["batch_size"]
    lower = [other for other in answer.where(batch_size=size) if math.isclose(other.short["lr"], lr / 10)]
    return {
        "a tenth of the learning rate": next(iter(lower), None),
        "twice the batch": next(iter(answer.where(lr=lr, batch_size=2 * size)), None),
    }


def limits(answer: Answer) -> dict[int, float]:
    """For each batch size, the highest rate up to which every lower one learned too."""
    found = {}
    for size in answer.axis("batch_size"):
        for cell in sorted(answer.where(batch_size=size), key=lambda cell: cell.short["lr"]):
            if not learned(answer, cell):
                break
            found[size] = cell.short["lr"]
    return dict(sorted(found.items()))
