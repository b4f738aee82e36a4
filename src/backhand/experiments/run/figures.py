"""What a run puts into metrics.json, in the forms of `metrics.py`."""

import numpy as np

from backhand.data.batches import samples_left_out
from backhand.experiments.build import Feeds, class_weights
from backhand.experiments.course import constant_loss, typical_loss
from backhand.experiments.run.kinks import activation, kinks
from backhand.experiments.run.metrics import Average, ClassScore, Data, Layer, Model, Score, TestScore, Training
from backhand.experiments.trainer import Trainer
from backhand.model.sequential import Sequential
from backhand.study import Study
from backhand.training.evaluate import Evaluation
from backhand.training.losses import Loss
from backhand.training.metrics import words

NAMED = 20  # samples whose scores are not finite, of which metrics.json holds the places
ALL_DONE = "all epochs done"  # why a training ended that nothing stopped


def describe_data(study: Study, feeds: Feeds, model: Sequential) -> Data:
    """What the data is, how many samples of each class each split holds, and what the model's batches leave out."""
    splits = feeds.splits
    return Data(
        name=splits.name,
        title=splits.title,
        source=splits.source,
        notes=splits.notes | batch_notes(study, feeds, model),
        classes=tuple(splits.classes),
        sample_shape=feeds.train.data.x.shape[1:],
        counts={name: tuple(counts.tolist()) for name, counts in feeds.counts().items()},
        class_weights=class_weights(study, feeds),
        standardize=study.data.standardize,
        augment=study.data.augment.model_dump(exclude_defaults=True),
        sha256=feeds.fingerprint(),
    )


def batch_notes(study: Study, feeds: Feeds, model: Sequential) -> dict[str, str]:
    """Which samples each epoch leaves out; nothing where it sees all."""
    count, fewest = len(feeds.train), model.min_batch_size
    if not (rest := samples_left_out(count, study.train.batch_size, fewest)):
        return {}
    why = f"batch normalisation needs {fewest} in a batch, and the last one would have {rest}"
    return {"left out of each epoch": f"{rest} training sample, another one each time; {why}"}


def describe_model(model: Sequential) -> Model:
    """The layer table with its totals."""
    layers = tuple(Layer.model_validate(row) for row in model.rows())
    return Model(
        layers=layers,
        kinks=kinks(model),
        activation=activation(model),
        parameters=sum(each.parameters for each in layers),
        trained=sum(each.trained or 0 for each in layers),
        multiply_adds=sum(each.multiply_adds for each in layers),
    )


def describe_training(trainer: Trainer, failure: str = "") -> Training:
    """How long it trained, which epoch's weights were kept why, and why the training counts as one that failed."""
    solver, choice = trainer.solver, trainer.stopping
    how = "evaluated after the epoch" if solver.evaluate_train else "running averages over the epoch, in training mode"
    best = f"{choice.metric.superlative} {words(choice.monitor)}"
    return Training(
        epochs=solver.epoch,
        steps=solver.step,
        seconds=solver.elapsed,
        saving_seconds=solver.saving_seconds,
        chosen_epoch=trainer.chosen_epoch or None,
        chosen_by=best if choice.restore_best else "the last epoch",
        stopped=solver.stopped or ALL_DONE,
        failure=failure,
        constant_loss=constant_loss(trainer.study, trainer.feeds),
        train_metrics=how,
    )


def score(result: Evaluation, split: str, study: Study) -> Score:
    """Loss, accuracy, error, count; how many samples have scores that are not finite, the first of them, a remark."""
    lost, augment = result.not_finite, study.train.evaluation_augment
    return Score(
        **result.figures(),
        count=len(result.labels),
        not_finite=len(lost),
        not_finite_samples=tuple(lost[:NAMED].tolist()),
        remark=result.remark(split),
        test_flips=augment.flips,
        test_shift=augment.shift,
    )


def test_score(result: Evaluation, loss: Loss, classes: tuple[str, ...], study: Study) -> TestScore:
    """The scores, the accuracy's interval, the confusion matrix (rows: true class), precision and recall per class.

    Samples whose scores are not finite are in no column of the confusion matrix; they count in the support.
    """
    from scipy.stats import binomtest

    K, count = len(classes), len(result.labels)
    confusion, named = np.zeros((K, K), np.int64), result.predictions >= 0
    np.add.at(confusion, (result.labels[named], result.predictions[named]), 1)
    right, support, predicted = confusion.diagonal(), np.bincount(result.labels, minlength=K), confusion.sum(0)
    per_class = tuple(
        ClassScore(
            name=classes[k],
            precision=_ratio(right[k], predicted[k]),
            recall=_ratio(right[k], support[k]),
            f1=_ratio(2 * right[k], support[k] + predicted[k]),
            support=int(support[k]),
        )
        for k in range(K)
    )
    interval = binomtest(int(right.sum()), count).proportion_ci(0.95, method="wilson")
    return TestScore(
        **score(result, "test", study).model_dump(),
        correct=int(right.sum()),
        interval=(float(interval.low), float(interval.high)),
        interval_kind="95% Wilson score",
        typical_loss=typical_loss(result, loss),
        confidence=loss.confidence,
        confusion=tuple(map(tuple, confusion.tolist())),
        per_class=per_class,
        macro=Average(**{key: _mean([getattr(row, key) for row in per_class]) for key in Average.model_fields}),
    )


def _ratio(part: int, whole: int) -> float | None:
    """The quotient, or None where the divisor is 0: a class that is never predicted has no precision."""
    return float(part / whole) if whole else None


def _mean(values: list[float | None]) -> float:
    """The macro average; an undefined value counts as 0, as is usual."""
    return float(np.mean([value or 0.0 for value in values]))
