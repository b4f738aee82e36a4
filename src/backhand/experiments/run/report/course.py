"""The course of a saved training, as `failure` takes it."""

from math import inf

from backhand.experiments.failure import Course, KeptWeights
from backhand.experiments.run.record import Run


def course(run: Run) -> Course:
    """From the history, the test result and the settings; an earlier version did not keep the constant's loss."""
    test, train, constant = run.metrics.test, run.study.train, run.metrics.training.constant_loss
    tested = None
    if test:
        loss = test.loss if test.typical_loss is None else test.typical_loss
        tested = KeptWeights("test", test.correct, test.count, max(row.support for row in test.per_class), loss)
    return Course(
        losses=[epoch.train_loss for epoch in run.history],
        constant=inf if constant is None else constant,
        tested=tested,
        kept=run.chosen.epoch if run.chosen else None,
        lr=None if isinstance(train.optimizer.lr, str) else train.optimizer.lr,
        clipped=train.clip_norm is not None,
    )
