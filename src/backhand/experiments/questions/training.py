"""The training of a cell, which goes to the last epoch in every question."""

from backhand.experiments.build import Feeds
from backhand.experiments.trainer import Trainer
from backhand.study import Study, changed


def trainer_of(study: Study, feeds: Feeds) -> Trainer:
    """The trainer of a cell; whatever the study says, its model has the weights of the last epoch in the end."""
    return Trainer.of(changed(study, {"train.early_stopping": {"restore_best": False}}), feeds)
