"""The course of a saved training, as `failure` takes it."""

from math import inf
from typing import Any

from backhand.experiments.failure import Course, Kept
from backhand.experiments.run.record import Run
from backhand.training import losses


def course(run: Run) -> Course:
    """From the history, the test result and the settings."""
    test, train = run.metrics.test, run.study.get("train", {})
    tested = None
    if test:
        loss = test.loss if test.typical_loss is None else test.typical_loss
        tested = Kept("test", test.correct, test.count, max(row.support for row in test.per_class), loss)
    lr = train.get("optimizer", {}).get("lr")
    return Course(
        losses=[epoch.train_loss for epoch in run.history],
        constant=_constant(run, train),
        tested=tested,
        kept=run.chosen.epoch if run.chosen else None,
        lr=lr if isinstance(lr, float | int) else None,
        clipped=train.get("clip_norm") is not None,
    )


def _constant(run: Run, train: dict[str, Any]) -> float:
    """The loss of giving every training sample the same answer; infinity where the loss is not one of ours."""
    data, name = run.metrics.data, train.get("loss", "softmax_cross_entropy")
    options = {"smoothing": train.get("label_smoothing", 0.0), "class_weights": data.class_weights}
    try:
        return losses.loss(name, **{key: value for key, value in options.items() if value}).constant(
            data.splits["train"]
        )
    except (ValueError, LookupError):
        return inf
