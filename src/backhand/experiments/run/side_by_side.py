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

SHOWN = 0.05  # a p-value below it shows a difference


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
    metrics = [run.metrics for run in runs]
    tests = [each.test for each in metrics if each.test is not None]
    held = [each.validation for each in metrics]
    yield "data", *(each.data.title or each.data.name for each in metrics)
    yield "test accuracy", *(percent(test.accuracy) for test in tests)
    yield "95% interval", *(" to ".join(map(percent, test.interval)) for test in tests)
    yield "test loss", *(decimal(test.loss) for test in tests)
    yield "validation accuracy", *(percent(each.accuracy) if each else NONE for each in held)
    yield "kept epoch", *(f"{each.training.chosen_epoch} of {each.training.epochs}" for each in metrics)
    yield "training time", *(duration(each.training.seconds) for each in metrics)
    yield "parameters", *(count(each.model.parameters) for each in metrics)
    yield "multiply-adds", *(count(each.model.multiply_adds) for each in metrics)


def _differing(runs: Sequence[Run]) -> Iterator[tuple[str, ...]]:
    studies = [dict(flat(run.study.model_dump(mode="json", exclude_none=True, exclude={"changes"}))) for run in runs]
    for key in dict.fromkeys(key for study in studies for key in study):
        values = tuple(study.get(key, NONE) for study in studies)
        if len(set(values)) > 1:
            yield key, *values


def _sentences(runs: Sequence[Run]) -> Iterator[tuple[str, str]]:
    for one, other in combinations(runs, 2):
        first_tested, second_tested = one.evidence.predictions, other.evidence.predictions
        if first_tested is None or second_tested is None or one.classes != other.classes:
            continue
        labels = first_tested.labels
        if not np.array_equal(labels, second_tested.labels):
            continue
        right = [tested.probabilities.argmax(1) == labels for tested in (first_tested, second_tested)]
        first, second = int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())
        p = mcnemar(first, second)
        verdict = "a difference that chance does not explain" if p < SHOWN else "that may be chance"
        yield (
            f"{one.folder.name} and {other.folder.name}",
            f"{plain(first)} test samples are classified correctly by the first alone, {plain(second)} by the second "
            f"alone: {verdict} (McNemar's test: p {probability(p, sign=True)}).",
        )
