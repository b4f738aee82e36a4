"""Finished runs side by side: their figures, the settings in which they differ, and what may be chance."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from backhand.experiments.comparison.statistics import mcnemar
from backhand.experiments.run.record import Run, read_tested
from backhand.files.paths import PathLike
from backhand.page.blocks import Block, Points, Table
from backhand.page.numbers import NONE, count, decimal, duration, percent, plain, probability
from backhand.page.settings import flat

LEVEL = 0.05  # a p-value below it shows a difference


def side_by_side(folders: Sequence[PathLike]) -> Iterator[Block]:
    """A table of figures, one of differing settings, and a sentence per pair that was tested on the same samples.

    Raises CheckpointError as `read_tested` does.
    """
    runs = read_tested(folders)
    names = [run.folder.name for run in runs]
    align = "l" + "r" * len(runs)
    yield Table("Figures.", ("", *names), tuple(_figures(runs)), align)
    if differing := tuple(_differing(runs)):
        yield Table("Settings that differ.", ("setting", *names), differing, align)
    if sentences := tuple(_sentences(runs)):
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


def _differing(runs: Sequence[Run]) -> Iterator[tuple[str, ...]]:
    studies = [dict(flat(run.study.model_dump(mode="json", exclude_none=True, exclude={"changes"}))) for run in runs]
    for key in dict.fromkeys(key for study in studies for key in study):
        values = tuple(study.get(key, NONE) for study in studies)
        if len(set(values)) > 1:
            yield key, *values


def _sentences(runs: Sequence[Run]) -> Iterator[tuple[str, str]]:
    for one, other in combinations(runs, 2):
        predictions, other_predictions = one.evidence.predictions, other.evidence.predictions
        if predictions is None or other_predictions is None or one.classes != other.classes:
            continue
        labels = predictions.labels
        if not np.array_equal(labels, other_predictions.labels):
            continue
        correct = [tested.probabilities.argmax(1) == labels for tested in (predictions, other_predictions)]
        first, second = int((correct[0] & ~correct[1]).sum()), int((correct[1] & ~correct[0]).sum())
        p = mcnemar(first, second)
        verdict = "a difference that chance does not explain" if p < LEVEL else "that may be chance"
        yield (
            f"{one.folder.name} and {other.folder.name}",
            f"{plain(first)} test samples are classified correctly by the first alone, {plain(second)} by the second "
            f"alone: {verdict} (McNemar's test: p {probability(p, sign=True)}).",
        )
