"""Statistical tests of the difference between the errors of two learners on the same folds."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from backhand.arrays import Array
from backhand.page.distributions import binomial_at_most, student_beyond, student_limit

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Difference:
    """A mean difference of error, its 95% confidence interval, if there is one, and the p-value of the test."""

    mean: float
    interval: tuple[float, float] | None
    p: float


def corrected_t(differences: ArrayLike) -> Difference:
    """The corrected paired t-test on the k differences of error of a k-fold cross-validation.

    t = mean / sqrt((1/k + n_test/n_train) variance), with k - 1 degrees of freedom and n_test/n_train = 1/(k - 1).
    The second term accounts for the samples that the training splits of the folds share; without it, the test too often
    reports a difference where there is none. If the difference is the same in all folds, its variance cannot be
    estimated: p is 1, and there is no interval.
    Source: Nadeau and Bengio (2003), "Inference for the Generalization Error", Machine Learning 52.
    """
    d = np.asarray(differences, np.float64)
    k, mean, variance = len(d), float(np.mean(d)), float(np.var(d, ddof=1))
    if np.ptp(d) <= 1e-12:  # the rounding of shares such as 1/3 is not variance
        return Difference(mean, None, 1.0)
    deviation = sqrt((1 / k + 1 / (k - 1)) * variance)
    half_width = student_limit(1 - CONFIDENCE, k - 1) * deviation
    return Difference(mean, (mean - half_width, mean + half_width), student_beyond(mean / deviation, k - 1))


def errors_of(predictions: Array, targets: Array, deviations: Array) -> dict[str, Any]:
    """RMSE, MAE and R² of predictions (N, T), means over the targets, and the distance of each from the truth.

    deviations: the standard deviations of the targets (T,), in which the distances of several targets are measured.
    """
    e = np.asarray(predictions, np.float64) - targets
    squares = np.square(e)
    spread = np.square(targets - targets.mean(0)).sum(0)
    single = e.shape[1] == 1
    units = np.ones(1) if single else np.where(deviations > 0, deviations, 1.0)
    return {
        "rmse": float(np.sqrt(squares.mean(0)).mean()),
        "mae": float(np.abs(e).mean()),
        "r2": float((1 - squares.sum(0) / spread).mean()) if (spread > 0).all() else None,
        "distances": tuple(np.sqrt(np.square(e / units).mean(1)).tolist()),
    }


def mcnemar(only_first: int, only_second: int) -> float:
    """The exact p-value of McNemar's test that two learners are equally good.

    If they are, each of the samples that only one of them classified wrongly is as probably the first learner's as the
    second's. Of a regression, with the samples for which one is further from the truth, it is the sign test.

    Source: McNemar (1947), Psychometrika 12.
    """
    wrong = only_first + only_second
    return min(1.0, 2 * binomial_at_most(min(only_first, only_second), wrong, 0.5))


def holm(p: Sequence[float]) -> list[float]:
    """The p-values of several tests, corrected by Holm's method.

    If a difference is called significant where its corrected p is below 0.05, the probability of one wrong call or more
    among all tests is at most 5%.

    Source: Holm (1979), Scandinavian Journal of Statistics 6.
    """
    order = np.argsort(p, kind="stable")
    steps = (len(order) - np.arange(len(order))) * np.asarray(p, np.float64)[order]
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted.tolist()
