"""The test result of a regression: the errors of each target, with intervals by the bootstrap."""

import numpy as np
from numpy.typing import NDArray

from backhand.arrays import Array
from backhand.experiments.build import Feeds
from backhand.experiments.course import typical_loss
from backhand.experiments.run.metrics import Target
from backhand.experiments.run.split_scores import Estimate, TargetErrors, TestErrors
from backhand.training.evaluate import Evaluation
from backhand.training.losses import Loss

RESAMPLES = 1000  # draws of the bootstrap
MOST_DRAWN = 20_000_000  # samples drawn in all; a larger test split gets fewer resamples
FEWEST = 10  # samples below which resampling them says nothing of the sampling error
KIND = "95% bootstrap"


def target_facts(feeds: Feeds) -> tuple[Target, ...]:
    """What the training values of each target are like; empty for data with classes."""
    y = feeds.train.data.y
    return tuple(
        Target(name=name, mean=column.mean(), deviation=column.std(), low=column.min(), high=column.max())
        for name, column in zip(feeds.splits.targets, y.T if feeds.splits.is_regression else (), strict=True)
    )


def test_errors(result: Evaluation, loss: Loss, feeds: Feeds, shared: dict[str, object]) -> TestErrors:
    """The errors of each target on the test split. shared: the fields that every score of a split has."""
    means = feeds.train.data.y.mean(0)
    per_target = tuple(
        errors_of_target(name, result.predictions[:, k], result.labels[:, k], float(means[k]))
        for k, name in enumerate(feeds.splits.targets)
    )
    return TestErrors.model_validate(
        shared | {"interval_kind": KIND, "per_target": per_target, "typical_loss": typical_loss(result, loss)}
    )


def errors_of_target(name: str, predictions: Array, targets: Array, mean: float) -> TargetErrors:
    """The errors of predictions (N,) with their intervals. mean: of the training values, as the baseline.

    R² is NaN where the targets are constant, and there are no intervals, but NaN, for fewer than FEWEST samples.
    """
    e = predictions - targets
    rmse, mae, r2 = (
        Estimate(value=value, low=low, high=high)
        for value, (low, high) in zip(_figures(e, targets), _intervals(e, targets), strict=True)
    )
    baseline = float(np.sqrt(np.square(targets - mean).mean()))
    return TargetErrors(name=name, rmse=rmse, mae=mae, r2=r2, bias=float(e.mean()), baseline_rmse=baseline)


def _intervals(e: Array, targets: Array) -> list[tuple[float, float]]:
    """The limits of each of the figures, NaN for one that is not defined or has too few samples."""
    if len(e) < FEWEST:
        return [(np.nan, np.nan)] * 3
    drawn = np.array([_figures(e[index], targets[index]) for index in _resamples(len(e))]).T
    defined = (values[~np.isnan(values)] for values in drawn)
    return [tuple(np.quantile(values, [0.025, 0.975])) if len(values) else (np.nan, np.nan) for values in defined]


def _resamples(N: int) -> list[NDArray[np.intp]]:
    """Indices drawn from N with replacement. Source: Efron 1979, Annals of Statistics 7(1)."""
    rng = np.random.default_rng(0)
    return [rng.integers(0, N, N) for _ in range(max(min(RESAMPLES, MOST_DRAWN // N), 100))]


def _figures(e: Array, targets: Array) -> tuple[float, float, float]:
    """RMSE, MAE and R² of the errors (N,) of predictions of these targets; R² is NaN where they are constant."""
    squares, varies = np.square(e), targets.min() < targets.max()
    return (
        float(np.sqrt(squares.mean())),
        float(np.abs(e).mean()),
        float(1 - squares.sum() / np.square(targets - targets.mean()).sum()) if varies else np.nan,
    )
