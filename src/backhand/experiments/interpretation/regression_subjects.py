"""Regressions that can be interpreted: the folder of a run, a predictor with samples, or a model with samples."""

from typing import Any

import numpy as np

from backhand.arrays import Array
from backhand.data.dataset import Dataset
from backhand.data.feed import Feed
from backhand.data.standardize import Standardizer
from backhand.errors import BackhandError, DataError
from backhand.experiments.interpretation.network import LazyNetwork, Network, network_of
from backhand.experiments.interpretation.regression import RegressionInterpretation
from backhand.experiments.run.record import Run
from backhand.model.sequential import Sequential
from backhand.training.losses import SquaredError


def of_regression_run(run: Run, source: LazyNetwork) -> RegressionInterpretation:
    """The interpretation of a run on its test samples. Raises BackhandError where it has no test result."""
    fitted, data = run.evidence.fitted, run.metrics.data
    if fitted is None or run.metrics.test_errors is None or not len(fitted.index):
        raise BackhandError(f"{run.folder} has no test result; bring the run to its end first")
    means, deviations = (np.array([getattr(t, key) for t in data.targets]) for key in ("mean", "deviation"))
    return RegressionInterpretation(
        title=f"{run.title}, {data.title or data.name}",
        targets=tuple(target.name for target in data.targets),
        truth=fitted.targets,
        predictions=fitted.predictions,
        means=means,
        deviations=_units(deviations),
        source=source,
    )


def of_targets(subject: Any, x: Array, y: Array, names: tuple[str, ...]) -> RegressionInterpretation:
    """The interpretation of a predictor or a model on samples with their targets (N,) or (N, T).

    names: of the targets; empty: those of the subject, or else their numbers.
    Raises DataError for targets that are no numbers, or do not fit the predictions.
    """
    if y.dtype.kind not in "iuf" or len(y) != len(x) or y.ndim > 2:
        raise DataError(f"{len(x)} samples of a regression need one target each, numbers, not {y.dtype} {y.shape}")
    truth = y.reshape(len(y), -1).astype(np.float64)
    data = Dataset(x, truth)
    if isinstance(subject, Sequential):
        predictions, plain = subject.predict(x), Standardizer(np.zeros(()), np.ones(()))
        source = LazyNetwork(lambda: Network(subject, Feed(data, plain), SquaredError()))
    else:
        predictions = np.asarray(subject.predict(x))
        source = LazyNetwork(lambda: network_of(subject, data))
    predictions = predictions.reshape(len(x), -1).astype(np.float64)
    if predictions.shape != truth.shape:
        raise DataError(f"targets of shape {truth.shape} do not fit predictions of shape {predictions.shape}")
    numbered = [f"target {k}" for k in range(truth.shape[1])] if truth.shape[1] > 1 else ["target"]
    known = names or tuple(getattr(subject, "targets", numbered))
    if len(known) != truth.shape[1]:
        raise DataError(f"{len(known)} names do not fit {truth.shape[1]} targets; give one for each")
    title, deviations = type(subject).__name__, _units(truth.std(0))
    return RegressionInterpretation(title, known, truth, predictions, truth.mean(0), deviations, source)


def _units(deviations: Array) -> Array:
    """The standard deviations, 1 for a constant target."""
    return np.where(deviations > 0, deviations, 1.0)
