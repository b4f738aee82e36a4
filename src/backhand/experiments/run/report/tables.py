"""The tables of a run's report."""

import math
from collections.abc import Sequence

from backhand.experiments.run.evidence_groups import Mistakes
from backhand.experiments.run.metrics import Cost, Epoch, Metrics
from backhand.experiments.run.record import Run
from backhand.experiments.run.report.classes import Confusion, confusion_text
from backhand.experiments.run.split_scores import TestScore
from backhand.page.blocks import Table
from backhand.page.numbers import count, decimal, duration, percent, plain, scientific, shape

FREQUENT = 6  # the number of confusions that are shown


def class_counts(metrics: Metrics) -> Table:
    """The samples of every class in every split, with totals, and the weights of the classes if the loss has them."""
    splits, weights = metrics.data.splits, metrics.data.class_weights
    rows = [
        (
            name,
            *(count(split[k]) for split in splits.values()),
            count(sum(split[k] for split in splits.values())),
            *((f"{weights[k]:.4g}",) if weights else ()),
        )
        for k, name in enumerate(metrics.data.classes)
    ]
    sums = [sum(split) for split in splits.values()]
    rows.append(("total", *map(count, sums), count(sum(sums)), *(("",) if weights else ())))
    caption = f"Samples per class and split: {count(sum(sums))} in all."
    if weights:
        caption += " The loss of each sample is multiplied by the weight of its class."
    columns = ("class", *splits, "total", *(("weight",) if weights else ()))
    return Table(caption, columns, tuple(rows), "l" + "r" * (len(columns) - 1), totals=1)


def layers(metrics: Metrics) -> Table:
    """The layers of the network from input to output; where some are frozen, with the parameters that were trained."""
    model = metrics.model
    costs: tuple[Cost, ...] = (*model.layers, model)
    figures = [(cost.parameters, *[cost.trained or 0] * model.some_frozen, cost.multiply_adds) for cost in costs]
    names = [(row.name, row.layer, shape(row.output)) for row in model.layers] + [("total", "", "")]
    rows = tuple((*name, *map(count, row)) for name, row in zip(names, figures, strict=True))
    trained = f", {count(model.trained or 0)} of them trained and the others frozen" if model.some_frozen else ""
    caption = (
        f"The network: {count(model.parameters)} parameters{trained}, {count(model.multiply_adds)} multiply-adds for "
        f"the forward pass of one sample. Input: {shape(metrics.data.sample_shape)}."
    )
    columns = ("name", "layer", "output", "parameters", *["trained"] * model.some_frozen, "multiply-adds")
    return Table(caption, columns, rows, "lll" + "r" * (len(columns) - 3), totals=1)


def epoch(line: Epoch) -> Table:
    """The figures of a single epoch, of which no curve can be drawn."""
    if math.isnan(line.train_accuracy):
        return _epoch_of_regression(line)
    figures = {"training": (line.train_loss, line.train_accuracy)}
    if not math.isnan(line.validation_accuracy):
        figures["validation"] = (line.validation_loss, line.validation_accuracy)
    rows = [(split, decimal(loss), percent(share), percent(1 - share)) for split, (loss, share) in figures.items()]
    return Table(_epoch_caption(line), ("split", "loss", "accuracy", "error"), tuple(rows), "lrrr")


def _epoch_of_regression(line: Epoch) -> Table:
    figures = {
        "training": (line.train_loss, line.train_rmse, line.train_r2),
        "validation": (line.validation_loss, line.validation_rmse, line.validation_r2),
    }
    rows = [
        (split, decimal(loss), decimal(rmse), decimal(r2))
        for split, (loss, rmse, r2) in figures.items()
        if not math.isnan(rmse)
    ]
    return Table(_epoch_caption(line), ("split", "loss", "RMSE", "R²"), tuple(rows), "lrrr")


def _epoch_caption(line: Epoch) -> str:
    momentum = "" if line.momentum is None else f", momentum {line.momentum:.4g}"
    return (
        f"Epoch {line.epoch}, which took {duration(line.seconds)}: learning rate {line.lr:.4g}{momentum}, "
        f"gradient norm {line.gradient_norm:.4g}."
    )


def scores(metrics: Metrics, test: TestScore) -> Table:
    """Loss, accuracy and error of the kept weights on each split."""
    rows = [
        (name, count(score.count), decimal(score.loss), percent(score.accuracy), percent(score.error))
        for name, score in (("validation", metrics.validation), ("test", test))
        if score
    ]
    low, high = map(percent, test.interval)
    caption = f"Results of the kept weights. The {test.interval_kind} interval of the test accuracy is {low} to {high}."
    caption += _views(test)
    if metrics.data.class_weights:
        caption += " Losses are weighted by class, accuracies are not."
    return Table(caption, ("split", "samples", "loss", "accuracy", "error"), tuple(rows), "lrrrr")


def _views(test: TestScore) -> str:
    """A sentence on the versions of each picture over which the scores are averaged; empty where they are not."""
    views = {}
    if test.test_flips:
        views["train.test_flips"] = "of its mirror image"
    if test.test_shift:
        views["train.test_shift"] = f"of each moved by {test.test_shift} px towards two opposite corners"
    averaged = " and ".join(["of each picture", *views.values()])
    return f" Predictions are the mean of the scores {averaged} ({', '.join(views)})." if views else ""


def per_class(test: TestScore) -> Table:
    """Precision, recall and F1 of every class, and their means over the classes."""
    rows = [
        (row.name, percent(row.precision), percent(row.recall), percent(row.f1), count(row.support))
        for row in test.per_class
    ]
    mean = test.macro
    rows.append(("macro average", percent(mean.precision), percent(mean.recall), percent(mean.f1), count(test.count)))
    caption = f"Test result by class; macro-averaged F1 {percent(mean.f1)}."
    if any(row.precision is None for row in test.per_class):
        caption += " A dash means that the class was never predicted, so that its precision is undefined."
    return Table(caption, ("class", "precision", "recall", "F1", "support"), tuple(rows), "lrrrr", totals=1)


def confusions(mixups: Sequence[Confusion]) -> Table:
    """The most frequent confusions, with the first of them in words as the caption."""
    rows = tuple((m.true, m.predicted, count(m.times), percent(m.share)) for m in mixups[:FREQUENT])
    caption = f"Most frequent confusions: {confusion_text(mixups[0])}."
    return Table(caption, ("true", "predicted", "times", "of the class"), rows, "llrr")


def mistakes(run: Run, saved: Mistakes) -> Table:
    """The most confident mistakes, for samples that are no pictures."""
    columns = (saved.index, saved.labels, saved.predictions, saved.confidence)
    rows = tuple(
        (str(index), run.classes[true], run.classes[predicted], percent(confidence))
        for index, true, predicted, confidence in zip(*(column.tolist() for column in columns), strict=True)
    )
    return Table(mistakes_caption(run, saved), ("test sample", "true", "predicted", "confidence"), rows, "lllr")


def mistakes_caption(run: Run, saved: Mistakes) -> str:
    """A caption with the number of mistakes, and the confidence of the network in them."""
    confidence, test = saved.confidence, run.metrics.test
    number, total = len(confidence), test.count - test.correct if test else 0
    extent = f"All {count(number)}" if number == total else f"The {count(number)} most confident of {count(total)}"
    kind = f" ({test.confidence})" if test and test.confidence else ""
    return (
        f"{extent} mistakes: true and predicted class, and the confidence in the wrong one{kind}, "
        f"from {percent(confidence[0])} down to {percent(confidence[-1])}."
    )


def reported(metrics: Metrics) -> Table:
    """Figures that were reported elsewhere, beside those of this run."""
    rows = tuple((row.what, plain(row.reported), plain(row.ours)) for row in metrics.reported)
    caption = "Figures reported elsewhere, beside those of this run."
    return Table(caption, ("figure", "reported", "this run"), rows, "lrr")


def gradients(metrics: Metrics) -> Table:
    """The gradient check, with one row per parameter."""
    rows = tuple(
        (row.name, _error_text(row.worst), count(row.checked), count(row.skipped), row.verdict)
        for row in metrics.gradient_check
    )
    errors = [row.worst for row in metrics.gradient_check if row.worst is not None]
    result = f"the largest relative error is {_error_text(max(errors))}" if errors else "no entry could be compared"
    caption = f"Back-propagation against finite differences: {result}."
    return Table(caption, ("gradient", "largest relative error", "checked", "skipped", "verdict"), rows, "lrrrl")


def _error_text(error: float | None) -> str:
    return "" if error is None else scientific(error)
