"""What may be concluded from the errors of two learners on the same folds."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Difference:
    """A mean difference of error, its 95% confidence interval, if there is one, and the p-value of no difference."""

    mean: float
    interval: tuple[float, float] | None
    p: float


def corrected_t(differences: ArrayLike) -> Difference:
    """The corrected paired t-test on the k differences of error of a k-fold cross-validation.

    t = mean / sqrt((1/k + n_test/n_train) variance), with k - 1 degrees of freedom and n_test/n_train = 1/(k - 1).
    The second term stands for the samples that the folds' training parts share: without it the test finds differences
    that are none. Equal differences in all folds give no spread to judge by: p is 1, and there is no interval.
    Source: Nadeau and Bengio (2003), "Inference for the Generalization Error", Machine Learning 52.
    """
    from scipy.stats import t

    d = np.asarray(differences, np.float64)
    k, mean, variance = len(d), float(np.mean(d)), float(np.var(d, ddof=1))
    if np.ptp(d) <= 1e-12:  # rounding of shares such as 1/3 is no spread
        return Difference(mean, None, 1.0)
    deviation = sqrt((1 / k + 1 / (k - 1)) * variance)
    half = float(t.ppf((1 + CONFIDENCE) / 2, k - 1)) * deviation
    return Difference(mean, (mean - half, mean + half), float(2 * t.sf(abs(mean) / deviation, k - 1)))


def mcnemar(only_first: int, only_second: int) -> float:
    """The exact p-value of McNemar's test: of the samples that one learner alone got wrong, is it half each?

    Source: McNemar (1947), Psychometrika 12.
    """
    from scipy.stats import binomtest

    wrong = only_first + only_second
    return float(binomtest(only_first, wrong).pvalue) if wrong else 1.0


def holm(p: Sequence[float]) -> list[float]:
    """p-values of several tests, raised so that one below 0.05 is wrong in no more than 5% of such sets of tests.

    Source: Holm (1979), Scandinavian Journal of Statistics 6.
    """
    order = np.argsort(p, kind="stable")
    steps = (len(order) - np.arange(len(order))) * np.asarray(p, np.float64)[order]
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted.tolist()
