"""The course of a saved training, from which `failure` decides whether it failed."""

from math import inf

from backhand.experiments.failure import Course, KeptErrors, KeptWeights
from backhand.experiments.run.record import Run


def course_of(run: Run) -> Course:
    """The course of a training, from the history, the test result and the settings of its run.

    Earlier versions did not save the loss of a constant answer; it counts as infinite then.
    """
    test, train, constant = run.metrics.test, run.study.train, run.metrics.training.constant_loss
    errors = run.metrics.test_errors
    tested: KeptWeights | KeptErrors | None = None
    if errors:
        tested = KeptErrors("test", errors.r2, errors.loss if errors.typical_loss is None else errors.typical_loss)
    if test:
        loss = test.loss if test.typical_loss is None else test.typical_loss
        tested = KeptWeights("test", test.correct, test.count, max(row.support for row in test.per_class), loss)
    return Course(
        losses=[epoch.train_loss for epoch in run.history],
        constant=inf if constant is None else constant,
        tested=tested,
        kept_epoch=run.chosen.epoch if run.chosen else None,
        lr=None if isinstance(train.optimizer.lr, str) else train.optimizer.lr,
        clipped=train.clip_norm is not None,
    )
