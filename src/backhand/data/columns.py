"""Statistics of every feature of a table, exact to the last digits of float64, whatever the size of its values."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backhand.arrays import Array
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
    samples, by weight, that do not have the feature's common value; 0 for a constant feature.   uncommon_distance: the
    root mean square distance of those samples from the common value.
    """

    low: Floats
    high: Floats
    mean: Floats
    deviation: Floats
    uncommon_share: Floats
    uncommon_distance: Floats


def column_statistics(x: Samples, weights: Floats | None = None) -> ColumnStatistics:
    """The statistics of the samples x (N, ...), in which a weight (N,) of 2 counts a sample twice, and 0 leaves it out.

    The common value of a feature is the median, which it equals wherever most samples have it. Differences within the
    rounding of the array's dtype do not count; integers are never rounded. Raises DataError where there are no samples,
    or none of a weight above 0, and where a value is NaN or infinite.
    """
    refuse_none(x, weights)
    refuse_not_finite(x, "the samples to standardise by")
    low, high = _limits(x, weights)
    # Values are divided by a power of two, which is exact, so that no square can overflow or vanish.
    exponent = np.frexp(np.maximum(np.abs(low), np.abs(high)))[1] - 1
    origin = np.ldexp(low, -exponent)
    mean, variance = moments(x, lambda chunk: np.ldexp(chunk, -exponent) - origin, weights)
    common = _median(_at_equal_steps(x, weights))
    departing = _uncommon_share(x, common, weights)
    square = variance + (mean + origin - np.ldexp(common, -exponent)) ** 2
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        spread = np.ldexp(np.sqrt(square / departing), exponent)
    varies = departing > 0
    deviation = np.where(varies, np.ldexp(np.sqrt(variance), exponent), 0)
    mean = np.clip(np.ldexp(mean + origin, exponent), low, high)
    return ColumnStatistics(low, high, mean, deviation, departing, np.where(varies, spread, 0))


def refuse_none(x: Samples, weights: Floats | None) -> None:
    """Raise DataError where there are no samples, or none of a weight above 0."""
    if not len(x):
        raise DataError("cannot standardise: there are no samples")
    if weights is not None and not weights.any():
        raise DataError("cannot standardise: the weights of all samples are 0")


def _chunks(x: Samples, weights: Floats | None) -> Iterator[tuple[Array, Floats | None]]:
    """The samples of a weight above 0 and their weights, some at a time, since x may be on disk."""
    for start in range(0, len(x), CHUNK):
        chunk = x[start : start + CHUNK]
        if weights is None:
            yield chunk, None
        elif len(kept := np.flatnonzero(weights[start : start + CHUNK])):
            yield chunk[kept], weights[start + kept].astype(np.float64)


def _total(values: Array, weights: Floats | None) -> Array:
    """The sum over the samples of a chunk, each as often as its weight says."""
    return np.asarray(values.sum(axis=0) if weights is None else np.tensordot(weights, values, 1))


def _limits(x: Samples, weights: Floats | None) -> tuple[Floats, Floats]:
    """The smallest and the largest value of each feature."""
    low, high = np.full(x.shape[1:], np.inf), np.full(x.shape[1:], -np.inf)
    for chunk, _ in _chunks(x, weights):
        low, high = np.minimum(low, chunk.min(axis=0)), np.maximum(high, chunk.max(axis=0))
    return low.astype(np.float64), high.astype(np.float64)


def has_variation(x: Samples) -> bool:
    """Whether any feature of the samples x (N, ...) differs between two samples by more than rounding."""
    tolerance = 2 * ROUNDING.get(x.dtype, 0.0)
    alike = all(np.allclose(x[0].astype(np.float64), row, rtol=tolerance, atol=0) for row in x)
    return not alike or bool(column_statistics(x).uncommon_share.any())


def moments(
    x: Samples, transform: Callable[[Floats], Floats] = lambda chunk: chunk, weights: Floats | None = None
) -> tuple[Floats, Floats]:
    """The mean and the variance of every pixel or feature in float64, chunk by chunk.

    transform: applied to each chunk first. weights: (N,), how often each sample counts. The chunks are merged after
    Chan, Golub and LeVeque (1983), which loses no digits where the mean is large.
    """
    count, mean, squares = 0.0, np.zeros(x.shape[1:]), np.zeros(x.shape[1:])
    for samples, own in _chunks(x, weights):
        chunk, size = transform(samples.astype(np.float64)), len(samples) if own is None else own.sum()
        average = _total(chunk, own) / size
        delta = average - mean
        squares += _total(np.square(chunk - average), own) + delta**2 * (count * size / (count + size))
        count += size
        mean += delta * (size / count)
    return mean, squares / (count or 1)


def _at_equal_steps(x: Samples, weights: Floats | None) -> Samples:
    """About `MEDIAN_SAMPLES` of the samples at equal steps: of their number, or of the sum of their weights."""
    if weights is None:
        return x[:: max(len(x) // MEDIAN_SAMPLES, 1)]
    ends = np.cumsum(weights, dtype=np.float64)
    return x[np.searchsorted(ends, (np.arange(MEDIAN_SAMPLES) + 0.5) / MEDIAN_SAMPLES * ends[-1])]


def _median(x: Samples) -> Floats:
    """The median of each feature, which is one of its values and never the mean of two."""
    middle = len(x) // 2
    return np.partition(x, middle, axis=0)[middle].astype(np.float64)


def _uncommon_share(x: Samples, common: Floats, weights: Floats | None) -> Floats:
    """The share of samples, by weight, that differ from the common value by more than rounding."""
    tolerance = ROUNDING.get(x.dtype, 0.0) * np.abs(common)
    unequal, different = np.zeros(x.shape[1:]), np.zeros(x.shape[1:])
    are_integers = np.ones(x.shape[1:], bool)
    for samples, own in _chunks(x, weights):
        chunk = samples.astype(np.float64)
        with np.errstate(over="ignore"):
            distance = np.abs(chunk - common)
        unequal += _total(distance > 0, own)
        different += _total(distance > tolerance, own)
        are_integers &= (chunk == np.rint(chunk)).all(axis=0)
    total = len(x) if weights is None else weights.sum(dtype=np.float64)
    return np.where(are_integers, unequal, different) / total
