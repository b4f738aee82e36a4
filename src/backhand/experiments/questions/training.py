"""What every question does with a cell of its grid: train it to its last epoch."""

from backhand.experiments.build import Feeds
from backhand.experiments.trainer import Trainer
from backhand.study import Study, changed


def trainer_of(study: Study, feeds: Feeds) -> Trainer:
    """The trainer of a cell, whose model is that of the last epoch at the end, whatever the study says of stopping."""
    return Trainer.of(changed(study, {"train.early_stopping": {"restore_best": False}}), feeds)
