"""The loss falls, then diverges: trainings over a grid of learning rates and batch sizes, with the solver's message."""

from dataclasses import dataclass, field

import numpy as np

from backhand.data.feed import BatchSource
from backhand.experiments.build import Feeds
from backhand.experiments.questions.observations import Losses
from backhand.experiments.questions.training import trainer_of
from backhand.model.sequential import Sequential
from backhand.study import Study
from backhand.training.callbacks import Callback
from backhand.training.losses import Loss
from backhand.training.solver import Solver

KEYS = tuple(Losses.VALUES)
POINTS = 200  # the largest number of points of a curve
SAMPLES = 400  # a loss over so many, by which a fall is recognised, has a standard error of about a twentieth


@dataclass
class BatchLosses(Callback):
    """Keeps the loss of every batch, before its step, and the record of every epoch."""

    values: list[float] = field(default_factory=list)
    epochs: list[dict[str, float]] = field(default_factory=list)

    def on_loss(self, solver: Solver) -> None:
        """Keep the loss of this batch."""
        self.values.append(float(solver.batch_loss))

    def on_epoch_end(self, solver: Solver) -> None:
        """Keep the epoch's record, since a training that diverges returns none."""
        self.epochs.append(solver.history[-1])


def measure(study: Study, feeds: Feeds) -> Losses:
    """Train a cell and return its losses; where it diverges, the message of the solver is saved with them."""
    losses = BatchLosses()
    trainer = trainer_of(study, feeds).with_callbacks(losses)
    start = _mean_loss(trainer.solver.model, study.train.make_loss(), feeds.train)
    message = str(trainer.fit().error or "")
    values = losses.values  # without the loss at which the guard stopped: the callbacks after it are not called then
    stride = -(-len(values) // POINTS) or 1
    return Losses(
        message=message,
        steps=len(values),
        first=values[0] if values else None,
        lowest=min(values, default=None),
        start=start,
        least=lowest_mean(values, study.train.batch_size),
        curve=tuple((step + 1, values[step]) for step in range(0, len(values), stride)),
        validation_accuracy=tuple(record["validation_accuracy"] for record in losses.epochs),
    )


def lowest_mean(values: list[float], batch_size: int) -> float | None:
    """The lowest mean over as many consecutive batches as hold SAMPLES samples; None where there are fewer batches."""
    batches = -(-SAMPLES // batch_size)
    if len(values) < batches:
        return None
    return float(np.convolve(values, np.full(batches, 1 / batches), "valid").min())


def _mean_loss(model: Sequential, loss: Loss, train: BatchSource) -> float:
    """The mean loss of the first SAMPLES samples, at inference."""
    x, labels = train.batch(np.arange(min(SAMPLES, len(train))))[:2]
    return loss.forward(model.predict(x), labels)
