"""The figures that a run writes into metrics.json, in the forms of `metrics.py`."""

from typing import Any

import numpy as np

from backhand.data.batches import samples_left_out
from backhand.experiments.build import Feeds, class_weights
from backhand.experiments.course import constant_loss, typical_loss
from backhand.experiments.run.errors import target_facts, test_errors
from backhand.experiments.run.kinks import activation, kinks
from backhand.experiments.run.metrics import Data, Layer, Model, Training
from backhand.experiments.run.split_scores import Average, ClassScore, ErrorScore, Score, SplitScore, TestScore
from backhand.experiments.trainer import Trainer
from backhand.model.sequential import Sequential
from backhand.page.chance import wilson
from backhand.study import Study
from backhand.training.evaluate import Evaluation
from backhand.training.losses import Loss, classifier_loss
from backhand.training.metrics import words

LISTED = 20  # the largest number of samples with scores that are not finite whose indices metrics.json lists
ALL_DONE = "all epochs done"  # the reason for the end of a training that nothing stopped


def describe_data(study: Study, feeds: Feeds, model: Sequential) -> Data:
    """The data set, the number of samples of each class in each split, and which samples each epoch leaves out."""
    splits = feeds.splits
    return Data(
        name=splits.name,
        title=splits.title,
        source=splits.source,
        notes=splits.notes | batch_notes(study, feeds, model),
        classes=tuple(splits.classes),
        targets=target_facts(feeds),
        features=splits.features,
        sample_shape=feeds.train.data.x.shape[1:],
        counts={name: tuple(counts.tolist()) for name, counts in feeds.counts().items()},
        class_weights=() if splits.is_regression else class_weights(study, feeds),
        standardize=study.data.standardize,
        augment=study.data.augment.model_dump(exclude_defaults=True),
        sha256=feeds.fingerprint(),
    )


def batch_notes(study: Study, feeds: Feeds, model: Sequential) -> dict[str, str]:
    """A note on the sample that each epoch leaves out; no note where it leaves none out."""
    count, fewest = len(feeds.train), model.min_batch_size
    if not (rest := samples_left_out(count, study.train.batch_size, fewest)):
        return {}
    reason = f"batch normalisation needs {fewest} in a batch, and the last one would have {rest}"
    return {"left out of each epoch": f"{rest} training sample, another one each time; {reason}"}


def describe_model(model: Sequential) -> Model:
    """The layers of the network with their totals, its kinks and its activation."""
    layers = tuple(Layer.model_validate(row) for row in model.rows())
    return Model(
        layers=layers,
        kinks=kinks(model),
        activation=activation(model),
        parameters=sum(layer.parameters for layer in layers),
        trained=sum(layer.trained or 0 for layer in layers),
        multiply_adds=sum(layer.multiply_adds for layer in layers),
    )


def describe_training(trainer: Trainer, failure: str = "") -> Training:
    """The length of the training, which epoch's weights were kept and why, and the failure in words, if it failed."""
    solver, stopping = trainer.solver, trainer.stopping
    train_metrics = (
        "evaluated after the epoch" if solver.evaluate_train else "running averages over the epoch, in training mode"
    )
    best = f"{stopping.metric.superlative} {words(stopping.monitor)}"
    return Training(
        epochs=solver.epoch,
        steps=solver.step,
        seconds=solver.elapsed,
        saving_seconds=solver.saving_seconds,
        chosen_epoch=trainer.chosen_epoch or None,
        chosen_by=best if stopping.restore_best else "the last epoch",
        stopped=solver.stopped or ALL_DONE,
        failure=failure,
        constant_loss=constant_loss(trainer.study, trainer.feeds),
        train_metrics=train_metrics,
    )


def split_figures(result: Evaluation, split: str, study: Study) -> dict[str, Any]:
    """The figures on a split by name, and which of its samples have scores that are not finite."""
    not_finite, augment = result.not_finite, study.train.evaluation_augment
    return result.figures() | {
        "count": len(result.labels),
        "not_finite": len(not_finite),
        "not_finite_samples": tuple(not_finite[:LISTED].tolist()),
        "remark": result.remark(split),
        "test_flips": augment.flips,
        "test_shift": augment.shift,
    }


def split_scores(
    validated: Evaluation | None, result: Evaluation, loss: Loss, feeds: Feeds, study: Study
) -> dict[str, SplitScore | None]:
    """The scores on validation and test split, by the fields of `Metrics`: of a classifier, or of a regression."""
    validation = None if validated is None else split_figures(validated, "validation", study)
    if feeds.splits.is_regression:
        shared = split_figures(result, "test", study)
        return {
            "validation_errors": None if validation is None else ErrorScore.model_validate(validation),
            "test_errors": test_errors(result, loss, feeds, shared),
        }
    return {
        "validation": None if validation is None else Score.model_validate(validation),
        "test": test_score(result, loss, feeds.splits.classes, study),
    }


def test_score(result: Evaluation, loss: Loss, classes: tuple[str, ...], study: Study) -> TestScore:
    """The scores, the accuracy's interval, the confusion matrix (rows: true class), precision and recall per class.

    Samples whose scores are not finite are in no column of the confusion matrix; they count in the support.
    """
    K, count = len(classes), len(result.labels)
    confusion, classified = np.zeros((K, K), np.int64), result.predictions >= 0
    np.add.at(confusion, (result.labels[classified], result.predictions[classified]), 1)
    correct, support, predicted = confusion.diagonal(), np.bincount(result.labels, minlength=K), confusion.sum(0)
    per_class = tuple(
        ClassScore(
            name=classes[k],
            precision=_ratio(correct[k], predicted[k]),
            recall=_ratio(correct[k], support[k]),
            f1=_ratio(2 * correct[k], support[k] + predicted[k]),
            support=int(support[k]),
        )
        for k in range(K)
    )
    return TestScore(
        **split_figures(result, "test", study),
        correct=int(correct.sum()),
        interval=wilson(int(correct.sum()), count),
        interval_kind="95% Wilson score",
        typical_loss=typical_loss(result, loss),
        confidence=classifier_loss(loss).confidence,
        confusion=tuple(map(tuple, confusion.tolist())),
        per_class=per_class,
        macro=Average(**{key: _mean([getattr(row, key) for row in per_class]) for key in Average.model_fields}),
    )


def _ratio(numerator: int, denominator: int) -> float | None:
    """The quotient; None where the denominator is 0, since a class that is never predicted has no precision."""
    return float(numerator / denominator) if denominator else None


def _mean(values: list[float | None]) -> float:
    """The mean over the classes; an undefined value counts as 0, as is usual."""
    return float(np.mean([value or 0.0 for value in values]))
