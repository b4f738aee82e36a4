"""The loss falls, then diverges: trainings over a grid of learning rates and batch sizes, and what the solver says."""

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
POINTS = 200  # of a curve, at most
SAMPLES = 400  # over which a loss is averaged, to say whether it fell: a standard error of about a twentieth


@dataclass
class BatchLosses(Callback):
    """Keeps the loss of every batch, before its step, and the record of every epoch."""

    values: list[float] = field(default_factory=list)
    epochs: list[dict[str, float]] = field(default_factory=list)

    def on_loss(self, solver: Solver) -> None:
        """Keep the loss of this batch."""
        self.values.append(float(solver.batch_loss))

    def on_epoch_end(self, solver: Solver) -> None:
        """Keep the epoch's record, which a training that breaks off does not return."""
        self.epochs.append(solver.history[-1])


def look(study: Study, feeds: Feeds) -> Losses:
    """Train; a divergence is an answer here, and the message of the solver is kept with it."""
    losses = BatchLosses()
    trainer = trainer_of(study, feeds).with_callbacks(losses)
    start = _loss_of(trainer.solver.model, study.train.make_loss(), feeds.train)
    message = str(trainer.fit().error or "")
    values = losses.values  # without that of the batch that the guard stopped at, of which no other callback hears
    every = -(-len(values) // POINTS) or 1
    return Losses(
        message=message,
        steps=len(values),
        first=values[0] if values else None,
        lowest=min(values, default=None),
        start=start,
        least=least(values, study.train.batch_size),
        curve=tuple((step + 1, values[step]) for step in range(0, len(values), every)),
        validation_accuracy=tuple(record["validation_accuracy"] for record in losses.epochs),
    )


def least(values: list[float], batch_size: int) -> float | None:
    """The lowest mean over consecutive batches that hold SAMPLES samples; None of fewer."""
    number = -(-SAMPLES // batch_size)
    if len(values) < number:
        return None
    return float(np.convolve(values, np.full(number, 1 / number), "valid").min())


def _loss_of(model: Sequential, loss: Loss, train: BatchSource) -> float:
    """The mean loss of the first SAMPLES samples, at inference."""
    x, labels = train.batch(np.arange(min(SAMPLES, len(train))))
    return loss.forward(model.predict(x), labels)
