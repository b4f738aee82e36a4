"""Statistics of every feature of a table, to the last digits of float64, however large, small or alike its values."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backhand.data.dataset import Samples, refuse_not_finite
from backhand.errors import DataError

Floats = NDArray[np.float64]

CHUNK = 1024  # samples turned to float64 at a time
MEDIAN_SAMPLES = 1001  # samples whose median is tried as the common value of a feature
ROUNDING = {np.dtype(np.float32): 2.0**-22, np.dtype(np.float64): 2.0**-46}  # relative: what arithmetic leaves behind


@dataclass(frozen=True)
class ColumnStatistics:
    """Of each feature, in arrays of one sample's shape.

    low, high: the extremes.   mean, deviation: of all samples.   departing: the share of samples that do not have the
    feature's common value; 0 where it is constant.   spread: the root mean square distance of those from that value.
    """

    low: Floats
    high: Floats
    mean: Floats
    deviation: Floats
    uncommon_share: Floats
    uncommon_distance: Floats


def column_statistics(x: Samples) -> ColumnStatistics:
    """The statistics of samples x (N, ...). DataError where there are none, or one is NaN or infinite.

    Differences that rounding alone explains count as none: that of float32 in a float32 array, of float64 in another;
    whole numbers are not rounded. The common value is the median, as it must be where most samples have it.
    """
    if not len(x):
        raise DataError("cannot standardise: there are no samples")
    refuse_not_finite(x, "the samples to standardise by")
    low, high = x.min(axis=0).astype(np.float64), x.max(axis=0).astype(np.float64)
    # Values are divided by a power of two, which is exact, so that no square can overflow or vanish.
    exponent = np.frexp(np.maximum(np.abs(low), np.abs(high)))[1] - 1
    origin = np.ldexp(low, -exponent)
    mean, variance = moments(x, lambda part: np.ldexp(part, -exponent) - origin)
    common = _median(x[:: max(len(x) // MEDIAN_SAMPLES, 1)])
    departing = _uncommon_share(x, common)
    square = variance + (mean + origin - np.ldexp(common, -exponent)) ** 2
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        spread = np.ldexp(np.sqrt(square / departing), exponent)
    varies = departing > 0
    deviation = np.where(varies, np.ldexp(np.sqrt(variance), exponent), 0)
    mean = np.clip(np.ldexp(mean + origin, exponent), low, high)
    return ColumnStatistics(low, high, mean, deviation, departing, np.where(varies, spread, 0))


def has_variation(x: Samples) -> bool:
    """Whether any feature of samples x (N, ...) differs between two of them by more than rounding."""
    tolerance = 2 * ROUNDING.get(x.dtype, 0.0)
    alike = all(np.allclose(x[0].astype(np.float64), row, rtol=tolerance, atol=0) for row in x)
    return not alike or bool(column_statistics(x).uncommon_share.any())


def moments(x: Samples, unit: Callable[[Floats], Floats] = lambda part: part) -> tuple[Floats, Floats]:
    """Mean and variance of every pixel or feature in float64, chunk by chunk. unit: applied to each chunk before.

    Chunks are merged as Chan, Golub and LeVeque (1983) show, which loses no digits where the mean is large.
    """
    count, mean, squares = 0, np.zeros(x.shape[1:]), np.zeros(x.shape[1:])
    for start in range(0, len(x), CHUNK):
        part = unit(x[start : start + CHUNK].astype(np.float64))
        delta = part.mean(axis=0) - mean
        squares += np.square(part - part.mean(axis=0)).sum(axis=0) + delta**2 * (
            count * len(part) / (count + len(part))
        )
        count += len(part)
        mean += delta * (len(part) / count)
    return mean, squares / max(count, 1)


def _median(x: Samples) -> Floats:
    """One of the values of each feature, never the mean of two."""
    middle = len(x) // 2
    return np.partition(x, middle, axis=0)[middle].astype(np.float64)


def _uncommon_share(x: Samples, common: Floats) -> Floats:
    """The share of samples that differ from the common value by more than rounding."""
    tolerance = ROUNDING.get(x.dtype, 0.0) * np.abs(common)
    unequal, beyond = np.zeros(x.shape[1:], np.int64), np.zeros(x.shape[1:], np.int64)
    whole = np.ones(x.shape[1:], bool)
    for start in range(0, len(x), CHUNK):
        part = x[start : start + CHUNK].astype(np.float64)
        with np.errstate(over="ignore"):
            distance = np.abs(part - common)
        unequal += (distance > 0).sum(axis=0)
        beyond += (distance > tolerance).sum(axis=0)
        whole &= (part == np.rint(part)).all(axis=0)
    return np.where(whole, unequal, beyond) / len(x)
