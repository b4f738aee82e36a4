"""Finished runs side by side: their figures, the settings in which they differ, and what may be chance."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from backhand.experiments.comparison.statistics import mcnemar
from backhand.experiments.run.record import Run
from backhand.page.blocks import Block, Points, Table
from backhand.page.numbers import NONE, count, decimal, duration, percent, plain, probability
from backhand.page.settings import flat

LEVEL = 0.05  # a p-value below it shows a difference


@dataclass(frozen=True)
class Pair:
    """Two runs that were tested on the same samples.   alone: how many each of them classifies correctly alone.

    p: of McNemar's test.
    """

    names: tuple[str, str]
    alone: tuple[int, int]
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
    tests = [run.metrics.test for run in runs if run.metrics.test is not None]
    validations = [run.metrics.validation for run in runs]
    trainings, models = [run.metrics.training for run in runs], [run.metrics.model for run in runs]
    yield "data", *(run.metrics.data.title or run.metrics.data.name for run in runs)
    yield "test accuracy", *(percent(test.accuracy) for test in tests)
    yield "95% interval", *(" to ".join(map(percent, test.interval)) for test in tests)
    yield "test loss", *(decimal(test.loss) for test in tests)
    yield "validation accuracy", *(percent(score.accuracy) if score else NONE for score in validations)
    yield "kept epoch", *(f"{training.chosen_epoch} of {training.epochs}" for training in trainings)
    yield "training time", *(duration(training.seconds) for training in trainings)
    yield "parameters", *(count(model.parameters) for model in models)
    yield "multiply-adds", *(count(model.multiply_adds) for model in models)


def differing(runs: Sequence[Run]) -> dict[str, list[str]]:
    """The settings that differ, by dotted path, with their values in the order of the runs."""
    studies = [dict(flat(run.study.model_dump(mode="json", exclude_none=True, exclude={"changes"}))) for run in runs]
    values = {key: [study.get(key, NONE) for study in studies] for study in studies for key in study}
    return {key: found for key, found in values.items() if len(set(found)) > 1}


def pairs(runs: Sequence[Run]) -> Iterator[Pair]:
    """Every two runs that were tested on the same samples."""
    for one, other in combinations(runs, 2):
        predictions, other_predictions = one.evidence.predictions, other.evidence.predictions
        if predictions is None or other_predictions is None or one.classes != other.classes:
            continue
        labels = predictions.labels
        if not np.array_equal(labels, other_predictions.labels):
            continue
        correct = [tested.probabilities.argmax(1) == labels for tested in (predictions, other_predictions)]
        first, second = int((correct[0] & ~correct[1]).sum()), int((correct[1] & ~correct[0]).sum())
        yield Pair((one.folder.name, other.folder.name), (first, second), mcnemar(first, second))


def _sentence(pair: Pair) -> tuple[str, str]:
    first, second = map(plain, pair.alone)
    verdict = "a difference that chance does not explain" if pair.p < LEVEL else "that may be chance"
    return (
        " and ".join(pair.names),
        f"{first} test samples are classified correctly by the first alone, {second} by the second alone: {verdict} "
        f"(McNemar's test: p {probability(pair.p, sign=True)}).",
    )
