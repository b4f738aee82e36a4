"""What the report of a regression says besides what every run's report says: targets, errors, residuals."""

import math

import numpy as np

from backhand.arrays import Array
from backhand.experiments.run.evidence_groups import Fitted
from backhand.experiments.run.metrics import Target
from backhand.experiments.run.record import Run
from backhand.experiments.run.report import regression_plots as plots
from backhand.experiments.run.report import target_pictures
from backhand.experiments.run.report.classes import Finding
from backhand.experiments.run.split_scores import Estimate, TargetErrors, TestErrors
from backhand.page import style
from backhand.page.blocks import Block, Columns, Image, Images, Table
from backhand.page.numbers import NONE, count, counted, decimal, listed, percent, significant

SHOWN = 3  # the targets whose errors are plotted
WORST = 12  # the samples with the largest errors that are listed
DIGITS = 4
Tile = tuple[str, str, str]


def tiles(errors: TestErrors) -> tuple[Tile, ...]:
    """The main figures: R², where it is defined, RMSE and MAE; of several targets their means."""
    first = errors.per_target[0]
    explained = math.isfinite(errors.r2)
    if len(errors.per_target) > 1:
        remark = f"mean over {len(errors.per_target)} targets"
        return (("Test R²", decimal(errors.r2), remark),) if explained else ()
    return (
        *((("Test R²", decimal(errors.r2), _interval(first.r2, errors)),) if explained else ()),
        ("Test RMSE", significant(errors.rmse, DIGITS), _interval(first.rmse, errors)),
        ("Test MAE", significant(errors.mae, DIGITS), _interval(first.mae, errors)),
    )


def _interval(estimate: Estimate, errors: TestErrors) -> str:
    if estimate.interval is None:
        return f"of {counted(errors.count, 'test sample')}"
    return f"{_limits(*estimate.interval)} ({errors.interval_kind})"


def _limits(low: float, high: float) -> str:
    return f"{significant(low, DIGITS)} to {significant(high, DIGITS)}"


def estimated(estimate: Estimate) -> str:
    """A figure with its interval, where it has one; a dash where it is not defined."""
    if math.isnan(estimate.value):
        return NONE
    limits = "" if estimate.interval is None else f" ({_limits(*estimate.interval)})"
    return significant(estimate.value, DIGITS) + limits


def findings(errors: TestErrors) -> list[Finding]:
    """Findings on the result, one per target: the explained variance, the baseline, and a bias beyond chance."""
    return [finding for target in errors.per_target for finding in _findings(target, errors)]


def _findings(target: TargetErrors, errors: TestErrors) -> list[Finding]:
    name = f" of “{target.name}”"
    limits = target.rmse.interval
    interval = "" if limits is None else f" ({errors.interval_kind} interval {_limits(*limits)})"
    result = (
        f"On {counted(errors.count, 'test sample')} the root mean square error{name} is "
        f"{significant(target.rmse.value, DIGITS)}{interval}, and the mean absolute error "
        f"{significant(target.mae.value, DIGITS)}."
    )
    found = [("Result", result), ("Baseline", f"{_baseline(target)}{_explained(target)}")]
    if limits is not None and abs(target.bias) > 1.96 * _deviation_of_bias(target, errors.count):
        side = "too high" if target.bias > 0 else "too low"
        found.append(("Bias", f"Predictions{name} are {side} by {significant(abs(target.bias), 3)} on average."))
    return found


def _baseline(target: TargetErrors) -> str:
    base, limits = target.baseline_rmse, target.rmse.interval
    mean = f"Always answering the mean of the training samples has an error of {significant(base, DIGITS)}"
    if limits is None:
        return f"{mean}; on so few test samples, chance can explain any difference."
    low, high = limits
    verdict = "lies below that" if high < base else "lies above that" if low > base else "includes that"
    return f"{mean}; the interval of this network {verdict}."


def _explained(target: TargetErrors) -> str:
    if not target.r2.is_known:
        return ""
    share = percent(max(target.r2.value, 0.0))
    return f" It explains {share} of the variance (R² {decimal(target.r2.value)})."


def _deviation_of_bias(target: TargetErrors, N: int) -> float:
    """The standard error of the mean error: s / √N, with s² = Σ (e - mean e)² / (N - 1)."""
    return math.sqrt(max(target.rmse.value**2 - target.bias**2, 0.0) / (N - 1))


def data(run: Run) -> tuple[Block, ...]:
    """A table of the targets with their training values, and of the splits; the distribution of the first targets."""
    facts, splits = run.metrics.data, run.metrics.data.splits
    sizes = Table(
        f"{counted(sum(map(sum, splits.values())), 'sample')} in all.",
        ("split", "samples"),
        tuple((split, count(sum(counts))) for split, counts in splits.items()),
        "lr",
    )
    rows = tuple(_target_row(target) for target in facts.targets)
    targets = Table(
        f"The training values of {listed([target.name for target in facts.targets])}.",
        ("target", "mean", "deviation", "least", "largest"),
        rows,
        "lrrrr",
    )
    fitted = run.evidence.fitted
    if fitted is None:
        return sizes, targets
    images = tuple(
        Image(
            f"target-{k}",
            style.png(plots.target_histogram(fitted.targets[:, k], target.name)),
            f"Histogram of {target.name} over the test samples",
            f"How often each value of “{target.name}” occurs among the test samples.",
        )
        for k, target in enumerate(facts.targets[:SHOWN])
    )
    gallery = target_pictures.samples(run)
    return (Columns((sizes, targets), (Images(images),)), *((gallery,) if gallery else ()))


def _target_row(target: Target) -> tuple[str, ...]:
    values = (target.mean, target.deviation, target.low, target.high)
    return (target.name, *(significant(value, DIGITS) for value in values))


def result(run: Run, errors: TestErrors) -> tuple[Block, ...]:
    """The errors of each target, and plots of predictions and residuals."""
    rows = tuple(
        (
            target.name,
            *map(estimated, (target.rmse, target.mae, target.r2)),
            significant(target.baseline_rmse, DIGITS),
        )
        for target in errors.per_target
    )
    known = any(target.rmse.interval for target in errors.per_target)
    intervals = f", with {errors.interval_kind} intervals" if known else ""
    caption = (
        f"Errors of the kept weights on {counted(errors.count, 'test sample')}{intervals}. "
        f"The last column is the error of always answering the mean of the training samples."
    )
    table = Table(caption, ("target", "RMSE", "MAE", "R²", "RMSE of the mean"), rows, "lrrrr")
    splits = _splits(run, errors)
    fitted = run.evidence.fitted
    images = () if fitted is None else tuple(_images(run, fitted))
    return (table, splits, *images)


def _splits(run: Run, errors: TestErrors) -> Table:
    scores = (("validation", run.metrics.validation_errors), ("test", errors))
    rows = tuple(
        (name, count(score.count), decimal(score.loss), *(significant(v, DIGITS) for v in (score.rmse, score.mae)),
         NONE if math.isnan(score.r2) else decimal(score.r2))
        for name, score in scores
        if score
    )  # fmt: skip
    caption = (
        "The kept weights on each split. RMSE and MAE are in the units of the targets, the loss as it was trained."
    )
    return Table(caption, ("split", "samples", "loss", "RMSE", "MAE", "R²"), rows, "lrrrrr")


def _images(run: Run, fitted: Fitted) -> list[Images]:
    """For each of the first targets: predicted against true, residuals, and the distribution of the errors."""
    groups = []
    for k, target in enumerate(run.metrics.data.targets[:SHOWN]):
        predicted, true = (np.asarray(values[:, k], np.float64) for values in (fitted.predictions, fitted.targets))
        correlation = _correlation(predicted, true)
        name = target.name
        groups.append(
            Images(
                (
                    Image(
                        f"predicted-{k}",
                        style.png(plots.predicted_against_true(predicted, true, name)),
                        f"Predicted against true {name}{correlation.replace(':', ',')}",
                        f"Predicted against true “{name}” on the test samples{correlation}.",
                    ),
                    Image(
                        f"residuals-{k}",
                        style.png(plots.residuals(predicted, true, name)),
                        f"Errors of the predictions of {name} against the predictions",
                        f"Errors against predictions of “{name}”. A line that leaves 0 shows where the network is "
                        "systematically too high or too low.",
                    ),
                    Image(
                        f"errors-{k}",
                        style.png(plots.error_histogram(predicted, true, name)),
                        f"Histogram of the errors of {name}",
                        f"How often errors of each size occur, for “{name}”.",
                    ),
                )
            )
        )
    return groups


def _correlation(predicted: Array, true: Array) -> str:
    """The correlation as the end of a sentence; empty where one of the two does not vary, so that there is none."""
    if any(values.min() == values.max() for values in (predicted, true)):
        return ""
    return f": correlation {decimal(np.corrcoef(predicted, true)[0, 1])}"


def worst(run: Run) -> tuple[Block, ...]:
    """The test samples with the largest errors, in standard deviations of the targets."""
    fitted, facts = run.evidence.fitted, run.metrics.data.targets
    if fitted is None or not len(fitted.index):
        return ()
    if gallery := target_pictures.largest_errors(run):
        return (gallery,)
    units = target_pictures.units(run)
    errors, hardest = fitted.errors, fitted.hardest_targets(units)
    rows = []
    for n in fitted.by_error(units)[:WORST]:
        k = int(hardest[n])
        values = (fitted.targets[n, k], fitted.predictions[n, k], errors[n, k])
        name = (facts[k].name,) if len(facts) > 1 else ()
        rows.append((str(fitted.index[n]), *name, *(significant(float(value), DIGITS) for value in values)))
    head = ("test sample", *(("target",) if len(facts) > 1 else ()), "true", "predicted", "error")
    caption = f"The {len(rows)} test samples with the largest errors; their number counts the test split from 0."
    return (Table(caption, head, tuple(rows), "l" + "l" * (len(facts) > 1) + "rrr"),)
