"""Tests of what chance explains: the interval of a share, the noise of a curve, the largest of many counts.

Every sentence of a report that compares figures is first tested here. The level of all tests is 5%.
"""

import itertools
from collections.abc import Sequence
from math import log, sqrt
from statistics import NormalDist, median

from backhand.page.distributions import binomial_at_least, binomial_at_most

LEVEL = 0.05
Z = NormalDist().inv_cdf(1 - LEVEL / 2)  # 1.96
DEVIATIONS = 1.4826  # standard deviation of a normal distribution over the median distance from its median
FEWEST = 5  # differences from epoch to epoch from which the noise of a curve is estimated, where it has so many


def wilson(correct: float, count: int) -> tuple[float, float]:
    """The 95% interval of a share that was measured as correct / count. Source: Wilson 1927, JASA 22 (158)."""
    share, z2 = correct / count, Z * Z
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = Z / (1 + z2 / count) * sqrt(share * (1 - share) / count + z2 / (4 * count * count))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def differ(first: float, samples: int, second: float, others: int) -> bool:
    """Whether two shares, of so many samples each, differ by more than chance: the z-test of two proportions."""
    pooled = (first * samples + second * others) / (samples + others)
    return abs(first - second) > Z * sqrt(pooled * (1 - pooled) * (1 / samples + 1 / others))


def fewer_than_chance(correct: int, count: int, share: float, tries: int = 1) -> bool:
    """Whether `correct` of `count` are fewer than chance explains if the true share is `share`.

    tries: how many counts there are of which this is the least, for the correction of Bonferroni.
    """
    return binomial_at_most(correct, count, share) * tries < LEVEL


def more_than_chance(times: int, count: int, share: float, tries: int = 1) -> bool:
    """Whether `times` of `count` are more than chance explains if the true share is `share`.

    tries: how many counts there are of which this is the greatest, for the correction of Bonferroni.
    """
    return binomial_at_least(times, count, share) * tries < LEVEL


def noise(values: Sequence[float]) -> float:
    """How much a curve moves from one epoch to the next besides its trend; 0 for fewer than three epochs.

    It is the standard deviation of the differences between epochs, estimated from their median absolute deviation,
    which a few large differences do not change.
    """
    steps = [after - before for before, after in itertools.pairwise(values)]
    if len(steps) < 2:
        return 0.0
    middle = median(steps)
    return DEVIATIONS * median(abs(step - middle) for step in steps)


def trend(losses: Sequence[float], since: int, samples: int) -> int:
    """1 where a loss is higher at the end than at index `since`, -1 where it is lower, 0 where that may be chance.

    It has moved where the difference is more than the noise of the curve from there on explains, the lowest of n epochs
    lying about √(2 ln n) deviations below the others by chance; and more than one standard error of the mean loss of so
    many samples (the one-standard-error rule of Breiman et al. 1984, CART). The losses of single samples
    deviate about as much as their mean, so that the error is taken as loss / √samples.
    """
    change = losses[-1] - losses[since]
    curve = losses[max(min(since, len(losses) - 1 - FEWEST), 0) :]
    deviation = noise(curve) / sqrt(2)  # of one epoch: a step is the difference of two
    least = max((Z + sqrt(2 * log(len(losses)))) * deviation, abs(losses[since]) / sqrt(samples))
    return 0 if not abs(change) > least else 1 if change > 0 else -1
