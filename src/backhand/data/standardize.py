"""Standardisation, (x - mean) / deviation, with the statistics of the training split only."""

from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

import numpy as np
from numpy.typing import DTypeLike, NDArray

from backhand.arrays import Array, Shape
from backhand.data.columns import CHUNK, ColumnStatistics, Floats, column_statistics, moments, refuse_none
from backhand.data.dataset import Samples, plain_array
from backhand.errors import CheckpointError, DataError, closest

Mode = Literal["none", "global", "channel", "feature"]

# A pixel that is black in all training images but one has a deviation near 0. Divided by it, one bright test pixel
# would outweigh the whole image. Five grey levels of 255 are less than any deviation that carries a signal.
PIXEL_FLOOR = 0.02
# A feature with one value for nearly all samples is scaled as if this share of them had other values. By measurement,
# tables with rare categories lose nothing, and rows of pixels do as well as images with the floor above.
RARE_SHARE = 0.04
MIN_FLOAT64 = np.finfo(np.float64).tiny  # the smallest number whose inverse is finite
MAX_ROUNDING_LOSS = 0.1  # of a feature's deviation: rounding to float32 must not lose more
FLOAT32_ROUNDING = 2.0**-24  # the largest relative rounding error of float32


@dataclass(frozen=True)
class Standardizer:
    """Standardisation, x -> (x - mean) scale, with the statistics of the training samples; `fit` makes one.

    Features are computed in float64, and become float32 then.

    mean, scale: float64, in the units of x (0..255 for uint8), broadcast against one sample: () for the modes none and
    global, (C,) for channel, the sample's own shape for feature.
    """

    mean: Floats
    scale: Floats

    @classmethod
    def fit(cls, x: Samples, mode: Mode = "channel", weights: Array | None = None) -> Self:
        """The standardisation by the mean and the standard deviation of the training samples.

        x: (N, H, W, C) uint8, which are put on 0..1 first, or (N, F) numbers.
        mode: "none" (only that), "global" (one mean and deviation), "channel" (one for each channel of images), or
        "feature" (one for every pixel or feature).
        weights: (N,), 0 or more: a weight of 2 counts a sample twice. None: all are 1.

        A deviation has a least value: 0.02 for pixels; for a feature of which fewer than 4% of the samples differ from
        the common value, what it would be if 4% did. A feature that does not vary has scale 0: nothing is learnt of it.
        Raises DataError for an unknown mode, no samples, a list, masked values, NaN or infinity, and for a feature
        whose differences would be lost in float32 under the modes none and global.
        """
        if mode not in get_args(Mode):
            raise DataError(f'unknown standardisation "{mode}"{closest(mode, get_args(Mode))}')
        x = plain_array(x, "the samples to standardise by")
        if mode == "channel" and x.ndim != 4:
            raise DataError('standardisation "channel" needs images; use "feature" for a table of features')
        mean, scale = (_pixel_statistics if is_pixels(x) else _feature_statistics)(x, mode, weights)
        return cls(np.asarray(mean), np.asarray(scale))

    def transform(self, x: Samples, dtype: DTypeLike = np.float32) -> NDArray[Any]:
        """The samples x on the common scale: a new array of x's shape, in this dtype.

        Raises DataError for samples of another shape than those that `fit` was given.
        """
        x = np.asarray(plain_array(x, "the samples"))
        mean, scale = self.flat_statistics(x)
        # Subtracted first: where the mean is large, x * scale would round away what tells the samples apart.
        with np.errstate(over="ignore", invalid="ignore"):
            y = np.subtract(x.reshape(len(x), mean.size), mean, dtype=mean.dtype, casting="same_kind")
            y *= scale
            return y.reshape(x.shape).astype(dtype, copy=False)

    def inverse(self, z: Array) -> NDArray[np.float64]:
        """Samples on the common scale as they were, x = z / scale + mean; a feature of scale 0 becomes its mean."""
        spread = np.where(self.scale > 0, 1 / np.maximum(self.scale, MIN_FLOAT64), 0)
        return np.asarray(z, np.float64) * spread + self.mean

    def flat_statistics(self, x: Samples) -> tuple[Array, Array]:
        """mean and scale for every value of one sample of x, flat, in the precision that x needs.

        Images need no more than float32. Over flat samples the inner loop is H*W*C long; over a last axis of 3 channels
        NumPy is ten times slower. Raises DataError as `transform` does.
        """
        sample: Shape = x.shape[1:]
        if sample[len(sample) - self.mean.ndim :] != self.mean.shape:
            raise DataError(
                f"samples of shape {sample} cannot be standardised as those of shape {self.mean.shape} were"
            )
        precision = np.float32 if x.ndim == 4 else np.float64
        mean, scale = (np.broadcast_to(value.astype(precision), sample).ravel() for value in (self.mean, self.scale))
        return mean, scale

    def refuse_overflow(self, x: Samples, where: str, dtype: DTypeLike = np.float32) -> None:
        """Raise DataError, naming the value, where a sample of x would be infinite in this dtype once standardised."""
        if x.ndim == 4:
            return
        limit, mean, scale = float(np.finfo(dtype).max), float(np.abs(self.mean).max()), float(self.scale.max())
        for start in range(0, len(x), CHUNK):
            chunk = x[start : start + CHUNK]
            if (max(-float(chunk.min()), float(chunk.max())) + mean) * scale <= limit:
                continue  # as nearly always, which takes little time to see
            beyond = np.argwhere(~(np.abs(self.transform(chunk, np.float64)) <= limit))
            if len(beyond):
                row, *column = beyond[0].tolist()
                remedy = "correct or remove it" if self.mean.ndim else 'use data.standardize = "feature", or correct it'
                raise DataError(
                    f"row {start + row}, column {_format_index(column)} of {where} is {chunk[tuple(beyond[0])]:g}, "
                    f"too large for {np.dtype(dtype)} once standardised; {remedy}"
                )

    def arrays(self) -> dict[str, Floats]:
        """The arrays that a checkpoint saves, from which `from_arrays` restores the standardiser."""
        return {"mean": self.mean, "scale": self.scale}

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> Self:
        """The inverse of `arrays`, also of those in float32; CheckpointError where one is missing or not finite."""
        for name in ("mean", "scale"):
            if name not in arrays or not np.isfinite(arrays[name]).all():
                raise CheckpointError(
                    f"the standardisation's {name} is missing or not finite; the checkpoint is damaged"
                )
        return cls(np.asarray(arrays["mean"], np.float64), np.asarray(arrays["scale"], np.float64))


def is_pixels(x: Samples) -> bool:
    """Whether the samples are images of uint8."""
    return x.ndim == 4 and x.dtype == np.uint8


def _pixel_statistics(x: Samples, mode: Mode, weights: Array | None) -> tuple[Floats, Floats]:
    if mode == "none":
        return np.zeros(()), np.array(1 / 255)
    refuse_none(x, weights)
    mean, deviation = _pooled(*moments(x, weights=weights), mode)
    return mean, 1 / np.maximum(deviation, 255 * PIXEL_FLOOR)


def _feature_statistics(x: Samples, mode: Mode, weights: Array | None) -> tuple[Floats, Floats]:
    statistics = column_statistics(x, weights)
    if mode == "feature":
        floor = np.where(statistics.uncommon_share < RARE_SHARE, statistics.uncommon_distance * RARE_SHARE**0.5, 0)
        return statistics.mean, _inverse(np.maximum(statistics.deviation, floor))
    if mode == "none":
        mean, scale = np.zeros(()), np.ones(())
    else:
        largest = max(float(np.abs(statistics.mean).max()), float(statistics.deviation.max()), MIN_FLOAT64)
        unit = np.ldexp(1.0, np.frexp(largest)[1] - 1)  # so that no square overflows
        mean, deviation = _pooled(statistics.mean / unit, (statistics.deviation / unit) ** 2, mode)
        mean, scale = mean * unit, _inverse(deviation * unit)
    if mode != "none" or x.dtype != np.float32:
        _refuse_loss(statistics, mean, mode)
    return mean, scale


def _pooled(mean: Floats, variance: Floats, mode: Mode) -> tuple[Floats, Floats]:
    """The mean and the deviation over several pixels or features at once, from those of each."""
    axes = {"global": tuple(range(mean.ndim)), "channel": (0, 1), "feature": ()}[mode]
    pooled = mean.mean(axis=axes, keepdims=True)
    total = (variance + (mean - pooled) ** 2).mean(axis=axes)
    return pooled.reshape(total.shape), np.sqrt(total)


def _inverse(deviation: Floats) -> Floats:
    """1 / deviation, or 0 where the deviation is 0."""
    return np.where(deviation > 0, 1 / np.maximum(deviation, MIN_FLOAT64), 0)


def _refuse_loss(statistics: ColumnStatistics, mean: Floats, mode: Mode) -> None:
    """Raise DataError for a feature whose variation float32 would round away.

    With one mean for all features, or none, a feature keeps its distance from that mean. Where it varies little beside
    that distance, its digits are lost.
    """
    with np.errstate(over="ignore"):
        reach = np.maximum(np.abs(statistics.low - mean), np.abs(statistics.high - mean))
        lost = np.argwhere(
            (statistics.deviation > 0) & (FLOAT32_ROUNDING * reach > MAX_ROUNDING_LOSS * statistics.deviation)
        )
    if len(lost):
        index = tuple(lost[0])
        raise DataError(
            f'data.standardize = "{mode}" would round away what tells the samples apart in column '
            f"{_format_index(lost[0].tolist())}, which varies by {statistics.deviation[index]:.3g} around "
            f'{statistics.mean[index]:.9g}: float32 has seven digits; use "feature"'
        )


def _format_index(indices: list[int]) -> str:
    return ", ".join(map(str, indices))
