"""Where a run's predictor comes from: what its model file and its model card say of the data, training and test."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from backhand.errors import CheckpointError
from backhand.experiments import environment
from backhand.experiments.run.metrics import Data, Metrics
from backhand.experiments.run.recipe import recipe
from backhand.experiments.run.split_scores import TestErrors, TestScore
from backhand.predictors.provenance import (
    ClassFigures,
    DataFacts,
    Figure,
    Provenance,
    TestFigures,
    TrainingFacts,
)
from backhand.study import Study, to_values
from backhand.study.keys import private_keys
from backhand.training.metrics import words

# Tables whose values may be paths or addresses of any kind, and which do not say how this model was trained.
PRIVATE_TABLES = frozenset({"changes", "log", "callbacks", "search"})
MACHINE = ("backhand", "python", "numpy", "cpu", "backend")


def provenance_of(folder: Path, study: Study, metrics: Metrics | None) -> Provenance:
    """The provenance of a run in this folder. metrics: None before the run is finished, when only its study is known.

    Paths, and addresses of servers, are left out, since a model may be published.
    """
    known = Provenance(name=study.name, title=study.title)
    if metrics is None:
        return known
    return known.model_copy(
        update={
            "data": _data(metrics.data),
            "training": _training(folder, study, metrics),
            "test": _test(metrics.test) if metrics.test else _errors(metrics.test_errors),
        }
    )


def _data(data: Data) -> DataFacts:
    return DataFacts(name=data.name, title=data.title, source=data.source, counts=data.splits, sha256=data.sha256)


def _training(folder: Path, study: Study, metrics: Metrics) -> TrainingFacts:
    machine: dict[str, str] = {}
    started = ""
    with suppress(CheckpointError):  # a model answers without them
        origin = environment.read(folder)
        machine = {name: str(value) for name, value in origin.facts.items() if name in MACHINE and value}
        started = origin.started
    return TrainingFacts(
        recipe=recipe(study),
        epochs=metrics.training.epochs,
        chosen_epoch=metrics.training.chosen_epoch,
        seconds=metrics.training.seconds,
        seed=study.seed,
        started=started,
        settings=dict(_public(to_values(study))),
        machine=machine,
    )


def _public(values: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """The values by dotted path, without those that say where something lies."""
    for key, value in values.items():
        if f"{path}{key}" in PRIVATE_TABLES | private_keys():
            continue
        if isinstance(value, dict):
            yield from _public(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def _test(test: TestScore) -> TestFigures:
    accuracy = Figure(name="accuracy", value=test.accuracy, interval=test.interval, interval_kind=test.interval_kind)
    figures = accuracy, Figure(name="loss", value=test.loss)
    macro = test.macro.model_dump(exclude_none=True)
    means = (Figure(name=f"macro {name}", value=value) for name, value in macro.items())
    rows = tuple(ClassFigures(**row.model_dump()) for row in test.per_class)
    return TestFigures(count=test.count, figures=(*figures, *means), per_class=rows)


def _errors(test: TestErrors | None) -> TestFigures | None:
    """The figures of a regression that are defined: those of its target, or of each of several."""
    if test is None:
        return None
    several = len(test.per_target) > 1
    figures = tuple(
        Figure(
            name=f"{name} of {target.name}" if several else name,
            value=estimate.value,
            interval=estimate.interval,
            interval_kind=test.interval_kind if estimate.interval else "",
        )
        for target in test.per_target
        for name, estimate in ((words(key), getattr(target, key)) for key in ("r2", "rmse", "mae"))
        if estimate.is_known
    )
    return TestFigures(count=test.count, figures=(*figures, Figure(name="loss", value=test.loss)))
