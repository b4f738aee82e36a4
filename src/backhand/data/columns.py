"""Statistics of every feature of a table, exact to the last digits of float64, whatever the size of its values."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backhand.data.dataset import Samples, refuse_not_finite
from backhand.errors import DataError

Floats = NDArray[np.float64]

CHUNK = 1024  # samples that are converted to float64 at a time
MEDIAN_SAMPLES = 1001  # the samples whose median is taken as the common value of a feature
ROUNDING = {np.dtype(np.float32): 2.0**-22, np.dtype(np.float64): 2.0**-46}  # the relative error of a few operations


@dataclass(frozen=True)
class ColumnStatistics:
    """The statistics of each feature, in arrays of the shape of one sample.

    low, high: the smallest and the largest value.   mean, deviation: of all samples.   uncommon_share: the share of
    samples that do not have the feature's common value; 0 for a constant feature.   uncommon_distance: the root mean
    square distance of those samples from the common value.
    """

    low: Floats
    high: Floats
    mean: Floats
    deviation: Floats
    uncommon_share: Floats
    uncommon_distance: Floats


def column_statistics(x: Samples) -> ColumnStatistics:
    """The statistics of the samples x (N, ...).

    The common value of a feature is the median, which it equals wherever most samples have it. Differences within the
    rounding of the array's dtype do not count; integers are never rounded. Raises DataError where there are no samples,
    and where a value is NaN or infinite.
    """
    if not len(x):
        raise DataError("cannot standardise: there are no samples")
    refuse_not_finite(x, "the samples to standardise by")
    low, high = _limits(x)
    # Values are divided by a power of two, which is exact, so that no square can overflow or vanish.
    exponent = np.frexp(np.maximum(np.abs(low), np.abs(high)))[1] - 1
    origin = np.ldexp(low, -exponent)
    mean, variance = moments(x, lambda chunk: np.ldexp(chunk, -exponent) - origin)
    common = _median(x[:: max(len(x) // MEDIAN_SAMPLES, 1)])
    departing = _uncommon_share(x, common)
    square = variance + (mean + origin - np.ldexp(common, -exponent)) ** 2
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        spread = np.ldexp(np.sqrt(square / departing), exponent)
    varies = departing > 0
    deviation = np.where(varies, np.ldexp(np.sqrt(variance), exponent), 0)
    mean = np.clip(np.ldexp(mean + origin, exponent), low, high)
    return ColumnStatistics(low, high, mean, deviation, departing, np.where(varies, spread, 0))


def _limits(x: Samples) -> tuple[Floats, Floats]:
    """The smallest and the largest value of each feature, chunk by chunk, since x may be on disk."""
    first = x[:CHUNK]
    low, high = first.min(axis=0), first.max(axis=0)
    for start in range(CHUNK, len(x), CHUNK):
        chunk = x[start : start + CHUNK]
        low, high = np.minimum(low, chunk.min(axis=0)), np.maximum(high, chunk.max(axis=0))
    return low.astype(np.float64), high.astype(np.float64)


def has_variation(x: Samples) -> bool:
    """Whether any feature of the samples x (N, ...) differs between two samples by more than rounding."""
    tolerance = 2 * ROUNDING.get(x.dtype, 0.0)
    alike = all(np.allclose(x[0].astype(np.float64), row, rtol=tolerance, atol=0) for row in x)
    return not alike or bool(column_statistics(x).uncommon_share.any())


def moments(x: Samples, transform: Callable[[Floats], Floats] = lambda chunk: chunk) -> tuple[Floats, Floats]:
    """The mean and the variance of every pixel or feature in float64, chunk by chunk.

    transform: applied to each chunk first. The chunks are merged after Chan, Golub and LeVeque (1983), which loses no
    digits where the mean is large.
    """
    count, mean, squares = 0, np.zeros(x.shape[1:]), np.zeros(x.shape[1:])
    for start in range(0, len(x), CHUNK):
        chunk = transform(x[start : start + CHUNK].astype(np.float64))
        delta = chunk.mean(axis=0) - mean
        squares += np.square(chunk - chunk.mean(axis=0)).sum(axis=0) + delta**2 * (
            count * len(chunk) / (count + len(chunk))
        )
        count += len(chunk)
        mean += delta * (len(chunk) / count)
    return mean, squares / max(count, 1)


def _median(x: Samples) -> Floats:
    """The median of each feature, which is one of its values and never the mean of two."""
    middle = len(x) // 2
    return np.partition(x, middle, axis=0)[middle].astype(np.float64)


def _uncommon_share(x: Samples, common: Floats) -> Floats:
    """The share of samples that differ from the common value by more than rounding."""
    tolerance = ROUNDING.get(x.dtype, 0.0) * np.abs(common)
    unequal, different = np.zeros(x.shape[1:], np.int64), np.zeros(x.shape[1:], np.int64)
    are_integers = np.ones(x.shape[1:], bool)
    for start in range(0, len(x), CHUNK):
        chunk = x[start : start + CHUNK].astype(np.float64)
        with np.errstate(over="ignore"):
            distance = np.abs(chunk - common)
        unequal += (distance > 0).sum(axis=0)
        different += (distance > tolerance).sum(axis=0)
        are_integers &= (chunk == np.rint(chunk)).all(axis=0)
    return np.where(are_integers, unequal, different) / len(x)
