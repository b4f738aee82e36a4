"""The course of a training that has come to its end, as `failure` takes it."""

import numpy as np

from backhand.experiments.build import Feeds, class_weights
from backhand.experiments.failure import Course, KeptWeights
from backhand.experiments.trainer import Trainer
from backhand.study import Study
from backhand.training.evaluate import Evaluation
from backhand.training.losses import Loss

TYPICAL = 0.95  # of the samples: the loss of the others says nothing of the training, where their values are far off


def typical_loss(result: Evaluation, loss: Loss) -> float:
    """The mean loss of the 95% of samples with the smallest scores.

    A single sample far beyond those of the training has large scores, or none that are finite, and spoils the mean of
    all. After steps that were too large, the scores of all samples are large.
    """
    largest = np.abs(result.scores).max(axis=1)
    typical = np.argsort(largest, kind="stable")[: max(int(TYPICAL * len(largest)), 1)]  # NaN is sorted to the end
    with np.errstate(over="ignore", invalid="ignore"):
        return loss.forward(result.scores[typical], result.labels[typical])


def constant_loss(study: Study, feeds: Feeds) -> float:
    """The loss of giving every training sample the same answer."""
    return study.train.make_loss(class_weights(study, feeds)).constant(feeds.counts()["train"])


def course_of(trainer: Trainer, result: Evaluation) -> Course:
    """The course of a training, and how its kept weights do on the test split, which `result` holds."""
    study, solver = trainer.study, trainer.solver
    counts, loss = trainer.feeds.counts(), study.train.make_loss(class_weights(study, trainer.feeds))
    right = int((result.predictions == result.labels).sum())
    return Course(
        losses=[record["train_loss"] for record in solver.history],
        constant=constant_loss(study, trainer.feeds),
        tested=KeptWeights("test", right, len(result.labels), int(counts["test"].max()), typical_loss(result, loss)),
        kept_epoch=trainer.chosen_epoch,
        lr=solver.optimizer.lr if solver.schedule is None else solver.schedule.value,
        clipped=solver.clip_norm is not None,
    )
