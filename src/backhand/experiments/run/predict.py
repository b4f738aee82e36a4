"""A trained run as a predictor of raw samples."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from backhand.data.standardize import Standardizer
from backhand.errors import CheckpointError
from backhand.experiments.build import build_model
from backhand.experiments.run.metrics import Metrics
from backhand.experiments.run.provenance import provenance_of
from backhand.experiments.run.recipe import trial
from backhand.experiments.run.record import finished_metrics
from backhand.experiments.run.saved import REMEDY, Facts, read_best
from backhand.experiments.run.split_scores import TestErrors
from backhand.experiments.settings import read_study
from backhand.files.names import BEST
from backhand.files.paths import PathLike, as_path
from backhand.model.sequential import Sequential
from backhand.page.numbers import listed
from backhand.predictors import Classifier, Predictor, Regressor, load_model
from backhand.training.losses import classifier_loss, regression_loss
from backhand.weights.run_status import has_status
from backhand.weights.source import refuse_diverged, without_weights


def load_classifier(run: PathLike) -> Classifier:
    """The classifier that a run has saved, finished or not: see its `remarks`.

    run: the folder of the run. Raises CheckpointError as `load_predictor` does, and for the run of a regression.
    """
    predictor = load_predictor(run)
    if not isinstance(predictor, Classifier):
        raise CheckpointError(f"{run} is a regression and has no classes; use backhand.load_predictor")
    return predictor


def load_predictor(run: PathLike) -> Classifier | Regressor:
    """The classifier or the regression that a run has saved, finished or not: see its `remarks`.

    run: the folder of the run.
    Raises CheckpointError when the folder is no run, its training diverged, or it has no best weights yet, damaged ones
    or such as are not finite.
    """
    run = as_path(run)
    refuse_diverged(run)
    if not (run / BEST).exists():
        raise CheckpointError(without_weights(run))
    study = read_study(run)
    best = read_best(run)
    facts, shape = best.facts, best.facts.sample_shape
    model = build_model(study, shape, len(facts.classes or facts.targets))
    model.load(best.model)
    for name, value in model.arrays().items():
        if not np.isfinite(value).all():
            raise CheckpointError(f"{run / BEST}: {name} holds NaN or infinity; train the run again")
    metrics = finished_metrics(run)
    shared: dict[str, Any] = {
        "model": model,
        "standardizer": Standardizer.from_arrays(best.standardizer),
        "evaluation_augment": study.train.evaluation_augment,
        "remarks": (*filter(None, [trial(study.train)]), *_remarks(run, facts, metrics)),
        "provenance": provenance_of(run, study, metrics),
        **_reading(run, facts),
    }
    loss = study.train.make_loss()
    if facts.targets:
        units = {} if facts.units is None else facts.units.model_dump()
        return Regressor(targets=facts.targets, loss=replace(regression_loss(loss), **units), **shared)
    return Classifier(classes=facts.classes, loss=classifier_loss(loss), **shared)


def load_model_or_run(path: PathLike) -> Predictor | Sequential:
    """The predictor of a run's folder, or what a saved model holds. Raises CheckpointError as the two loaders do."""
    path = as_path(path)
    return load_model(path) if path.is_file() else load_predictor(path)


def _reading(run: Path, facts: Facts) -> dict[str, Any]:
    """How files become samples. Raises CheckpointError for facts that do not fit the shape of the samples."""
    try:
        return facts.reading(facts.sample_shape, facts.span)
    except ValueError as error:
        raise CheckpointError(f"{run / BEST} is damaged: {error}; {REMEDY}") from None


def _remarks(run: Path, facts: Facts, metrics: Metrics | None) -> tuple[str, ...]:
    """A sentence where the run is not finished, has failed, or has a test result by which its answers mean little.

    No path is in them, since a model may be published.
    """
    if has_status(run, "running"):
        return (f"the run is not finished: these are its best weights so far, of epoch {facts.epoch}",)
    if metrics is None or not (metrics.test or metrics.test_errors):
        return ()
    test, errors = metrics.test, metrics.test_errors
    if failure := metrics.training.failure:
        return (f"the training failed. {failure}",)
    if errors is not None:
        return _remarks_on(errors)
    assert test is not None, "a finished run has one of the two"
    remarks = [test.remark] if test.remark else []
    largest = max(row.support for row in test.per_class) / test.count
    if test.interval[0] <= largest:
        remarks.append(
            f"the network has learnt little: on test data it is right in {test.accuracy:.2%}, "
            f"and always naming the largest class would be in {largest:.2%}"
        )
    return tuple(remarks)


def _remarks_on(errors: TestErrors) -> tuple[str, ...]:
    """The warning of a regression's test result, and the targets for which it is no better than their mean."""
    useless = [
        target.name
        for target in errors.per_target
        if (target.rmse.interval or [target.rmse.value])[-1] >= target.baseline_rmse
    ]
    learnt = f"the network has learnt little: on test data it is hardly closer to {listed(useless)} than its mean is"
    return tuple(filter(None, (errors.remark, learnt if useless else "")))
