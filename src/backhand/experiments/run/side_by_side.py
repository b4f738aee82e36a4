"""Finished runs side by side: their figures, the settings in which they differ, and what may be chance."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from backhand.arrays import Array
from backhand.experiments.comparison.statistics import errors_of, mcnemar
from backhand.experiments.run.record import Run
from backhand.page.blocks import Block, Points, Table
from backhand.page.numbers import NONE, count, decimal, duration, percent, plain, probability, significant
from backhand.page.settings import flat

LEVEL = 0.05  # a p-value below it shows a difference


@dataclass(frozen=True)
class Pair:
    """Two runs that were tested on the same samples.

    alone: how many of these each run classifies correctly alone; of a regression, for how many its prediction is the
    closer one.   p: of the `test` of these two numbers.
    """

    names: tuple[str, str]
    alone: tuple[int, int]
    test: str
    p: float


def side_by_side(runs: Sequence[Run]) -> Iterator[Block]:
    """A table of figures, one of differing settings, and a sentence per pair that was tested on the same samples.

    runs: as `read_tested` gives them.
    """
    names = [run.folder.name for run in runs]
    align = "l" + "r" * len(runs)
    yield Table("Figures.", ("", *names), tuple(_figures(runs)), align)
    if settings := differing(runs):
        rows = tuple((key, *values) for key, values in settings.items())
        yield Table("Settings that differ.", ("setting", *names), rows, align)
    if sentences := tuple(map(_sentence, pairs(runs))):
        yield Points(sentences)


def _figures(runs: Sequence[Run]) -> Iterator[tuple[str, ...]]:
    trainings, models = [run.metrics.training for run in runs], [run.metrics.model for run in runs]
    yield "data", *(run.metrics.data.title or run.metrics.data.name for run in runs)
    yield from _errors(runs) if runs[0].is_regression else _accuracies(runs)
    yield "kept epoch", *(f"{training.chosen_epoch} of {training.epochs}" for training in trainings)
    yield "training time", *(duration(training.seconds) for training in trainings)
    yield "parameters", *(count(model.parameters) for model in models)
    yield "multiply-adds", *(count(model.multiply_adds) for model in models)


def _accuracies(runs: Sequence[Run]) -> Iterator[tuple[str, ...]]:
    tests = [run.metrics.test for run in runs if run.metrics.test is not None]
    yield "test accuracy", *(percent(test.accuracy) for test in tests)
    yield "95% interval", *(" to ".join(map(percent, test.interval)) for test in tests)
    yield "test loss", *(decimal(test.loss) for test in tests)
    validations = [run.metrics.validation for run in runs]
    yield "validation accuracy", *(percent(score.accuracy) if score else NONE for score in validations)


def _errors(runs: Sequence[Run]) -> Iterator[tuple[str, ...]]:
    """The figures of regressions: the errors of each target, in its unit, and the means over the targets."""
    tests = [run.metrics.test_errors for run in runs if run.metrics.test_errors is not None]
    targets = [{target.name: target.rmse for target in test.per_target} for test in tests]
    for name in dict.fromkeys(name for rmse in targets for name in rmse):
        found = [rmse.get(name) for rmse in targets]
        yield f"test RMSE of {name}", *(significant(rmse.value, 4) if rmse else NONE for rmse in found)
        ends = ([significant(end, 4) for end in (rmse.low, rmse.high)] if rmse else [NONE] for rmse in found)
        yield "95% interval", *map(" to ".join, ends)
    yield "test MAE", *(significant(test.mae, 4) for test in tests)
    yield "test R²", *(decimal(test.r2) for test in tests)
    yield "test loss", *(decimal(test.loss) for test in tests)
    validations = [run.metrics.validation_errors for run in runs]
    yield "validation RMSE", *(significant(score.rmse, 4) if score else NONE for score in validations)


def differing(runs: Sequence[Run]) -> dict[str, list[str]]:
    """The settings that differ, by dotted path, with their values in the order of the runs."""
    studies = [dict(flat(run.study.model_dump(mode="json", exclude_none=True, exclude={"changes"}))) for run in runs]
    values = {key: [study.get(key, NONE) for study in studies] for study in studies for key in study}
    return {key: found for key, found in values.items() if len(set(found)) > 1}


def pairs(runs: Sequence[Run]) -> Iterator[Pair]:
    """Every two runs that were tested on the same samples."""
    for one, other in combinations(runs, 2):
        better = _closer(one, other) if one.is_regression else _correct(one, other)
        if better is not None:
            first, second = int((better[0] & ~better[1]).sum()), int((better[1] & ~better[0]).sum())
            test = "sign test" if one.is_regression else "McNemar's test"
            yield Pair((one.folder.name, other.folder.name), (first, second), test, mcnemar(first, second))


def _correct(one: Run, other: Run) -> tuple[Array, Array] | None:
    """Which test samples each of two runs classifies correctly, (N,); None where they are not the same samples."""
    tested, others = one.evidence.predictions, other.evidence.predictions
    if tested is None or others is None or one.classes != other.classes:
        return None
    if not np.array_equal(tested.labels, others.labels):
        return None
    return tested.probabilities.argmax(1) == tested.labels, others.probabilities.argmax(1) == others.labels


def _closer(one: Run, other: Run) -> tuple[Array, Array] | None:
    """For which test samples each of two regressions is the closer one, (N,); None where they are not the same.

    Distances of several targets are measured in the deviations of the first run's training targets.
    """
    tested, others = one.evidence.fitted, other.evidence.fitted
    names = [[target.name for target in run.metrics.data.targets] for run in (one, other)]
    if tested is None or others is None or names[0] != names[1]:
        return None
    if not (np.array_equal(tested.index, others.index) and np.array_equal(tested.targets, others.targets)):
        return None
    units = np.array([target.deviation for target in one.metrics.data.targets])
    near, far = (np.array(errors_of(run.predictions, run.targets, units)["distances"]) for run in (tested, others))
    return near < far, far < near


def _sentence(pair: Pair) -> tuple[str, str]:
    first, second = map(plain, pair.alone)
    verdict = "a difference that chance does not explain" if pair.p < LEVEL else "that may be chance"
    if pair.test == "sign test":
        facts = f"The first is closer to the true values for {first} test samples, the second for {second}"
    else:
        facts = f"{first} test samples are classified correctly by the first alone, {second} by the second alone"
    return " and ".join(pair.names), f"{facts}: {verdict} ({pair.test}: p {probability(pair.p, sign=True)})."
