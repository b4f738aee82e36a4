"""A trained run as a classifier of raw samples."""

from pathlib import Path

import numpy as np

from backhand.data.formats.resize import Resize
from backhand.data.standardize import Standardizer
from backhand.data.value_range import ValueRange
from backhand.errors import CheckpointError
from backhand.experiments.build import build_model
from backhand.experiments.run.metrics import Metrics
from backhand.experiments.run.provenance import provenance_of
from backhand.experiments.run.record import finished_metrics
from backhand.experiments.run.saved import Facts, read_best
from backhand.experiments.settings import read_study
from backhand.files.names import BEST
from backhand.files.paths import PathLike, as_path
from backhand.model.sequential import Sequential
from backhand.predictors import Classifier, Predictor, load_model
from backhand.weights.run_status import has_status
from backhand.weights.source import refuse_diverged, without_weights


def load_classifier(run: PathLike) -> Classifier:
    """The classifier that a run has saved, finished or not: see its `remarks`.

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
    model = build_model(study, shape, len(facts.classes))
    model.load(best.model)
    for name, value in model.arrays().items():
        if not np.isfinite(value).all():
            raise CheckpointError(f"{run / BEST}: {name} holds NaN or infinity; train the run again")
    metrics = finished_metrics(run)
    return Classifier(
        model=model,
        loss=study.train.make_loss(),
        standardizer=Standardizer.from_arrays(best.standardizer),
        classes=facts.classes,
        value_range=_value_range(facts),
        evaluation_augment=study.train.evaluation_augment,
        remarks=_remarks(run, facts, metrics),
        resize=None if facts.resize is None else Resize((shape[0], shape[1]), facts.resize),
        provenance=provenance_of(run, study, metrics),
    )


def load_model_or_run(path: PathLike) -> Predictor | Sequential:
    """The predictor of a run's folder, or what a saved model holds. Raises CheckpointError as the two loaders do."""
    path = as_path(path)
    return load_model(path) if path.is_file() else load_classifier(path)


def _value_range(facts: Facts) -> ValueRange:
    """The range of the training samples, which is unknown in the files of earlier versions."""
    if facts.span is None:
        return ValueRange.unknown(facts.sample_shape)
    return ValueRange.from_facts(facts.sample_shape, facts.span.model_dump(exclude_none=True))


def _remarks(run: Path, facts: Facts, metrics: Metrics | None) -> tuple[str, ...]:
    """A sentence where the run is not finished, has failed, or has a test result by which its answers mean little.

    No path is in them, since a model may be published.
    """
    if has_status(run, "running"):
        return (f"the run is not finished: these are its best weights so far, of epoch {facts.epoch}",)
    if metrics is None or metrics.test is None:
        return ()
    test = metrics.test
    if failure := metrics.training.failure:
        return (f"the training failed. {failure}",)
    remarks = [test.remark] if test.remark else []
    largest = max(row.support for row in test.per_class) / test.count
    if test.interval[0] <= largest:
        remarks.append(
            f"the network has learnt little: on test data it is right in {test.accuracy:.2%}, "
            f"and always naming the largest class would be in {largest:.2%}"
        )
    return tuple(remarks)
