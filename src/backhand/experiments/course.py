"""The course of a training that has come to its end, as `failure` takes it."""

import numpy as np

from backhand.experiments.build import Feeds, loss_for
from backhand.experiments.failure import Course, KeptErrors, KeptWeights
from backhand.experiments.trainer import Trainer
from backhand.study import Study
from backhand.training.evaluate import Evaluation
from backhand.training.losses import Loss, RegressionLoss, classifier_loss

TYPICAL = 0.95  # of the samples: the loss of the others says nothing of the training, where their values are far off


def typical_loss(result: Evaluation, loss: Loss) -> float:
    """The mean loss, weighted as the samples are, of the 95% of them with the smallest scores.

    A single sample far beyond those of the training has large scores, or none that are finite, and spoils the mean of
    all. After steps that were too large, the scores of all samples are large.
    """
    largest = np.abs(result.scores).max(axis=1)
    typical = np.argsort(largest, kind="stable")[: max(int(TYPICAL * len(largest)), 1)]  # NaN is sorted to the end
    weights = None if result.weights is None else result.weights[typical]
    if weights is not None:
        weights = weights / (weights.mean() or 1)
    with np.errstate(over="ignore", invalid="ignore"):
        return loss.forward(result.scores[typical], result.labels[typical], weights)


def constant_loss(study: Study, feeds: Feeds) -> float:
    """The loss of giving every training sample the same answer."""
    loss, data = loss_for(study, feeds), feeds.train.data
    if isinstance(loss, RegressionLoss):
        return loss.constant(data.y, data.weights)
    return classifier_loss(loss).constant(np.bincount(data.y, data.weights, minlength=len(feeds.splits.classes)))


def _kept(trainer: Trainer, result: Evaluation) -> KeptWeights | KeptErrors:
    """How the kept weights do on the test split."""
    loss = loss_for(trainer.study, trainer.feeds)
    typical = typical_loss(result, loss)
    if trainer.feeds.splits.is_regression:
        return KeptErrors("test", result.figures()["r2"], typical)
    right, commonest = int((result.predictions == result.labels).sum()), int(trainer.feeds.counts()["test"].max())
    return KeptWeights("test", right, len(result.labels), commonest, typical)


def course_of(trainer: Trainer, result: Evaluation) -> Course:
    """The course of a training, and how its kept weights do on the test split, which `result` holds."""
    solver = trainer.solver
    return Course(
        losses=[record["train_loss"] for record in solver.history],
        constant=constant_loss(trainer.study, trainer.feeds),
        tested=_kept(trainer, result),
        kept_epoch=trainer.chosen_epoch,
        lr=solver.optimizer.lr if solver.schedule is None else solver.schedule.value,
        clipped=solver.clip_norm is not None,
    )
