"""The range of the training samples, by which samples on another scale are recognised before they are classified."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from backhand.arrays import Shape, axes
from backhand.data.columns import column_statistics
from backhand.data.dataset import Dataset, Samples, plain_array, refuse_not_finite
from backhand.data.pixels import WHITE, conversion_code
from backhand.data.shards import Shards
from backhand.data.standardize import RARE_SHARE, is_pixels
from backhand.errors import DataError

CHUNK = 1024  # the samples that are examined at a time
ON_DISK = 2**20  # the values on disk of which the range is taken; those of 1000 samples at least
FAR_FACTOR = 10.0  # how far a feature may lie beyond its training range, in multiples of that range
FAR_SHARE = 0.05  # the largest share of values that may lie farther
MIN_SAMPLES = 10  # the samples that are needed to judge a feature by itself
UNUSUAL_SHARE = (
    0.05  # the share of training samples at either end that say nothing about the scale, such as blank images
)
SCALE_FACTOR = 4.0  # two binary digits, the least difference between usual scales of pixels: 6 bits and 8
MIN_FEATURES = 8  # the features that are needed for a contrast: two or three may be alike by chance


@dataclass(frozen=True)
class ValueRange:
    """The range of the values of the training samples, which are images of uint8 or other numbers.

    shape: of a sample.   pixels: whether the samples are images of uint8.   low, high: of each feature (F,), equal for
    a feature that is constant or nearly so; 0 and 255 for images.   least_contrast: the contrast of a sample is how far
    its values lie apart, as a share of low .. high; 95% of the samples with any contrast have this much or more.
    brightest: no pixel of 95% of the images is brighter than this, of 255.
    """

    shape: Shape
    pixels: bool
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    least_contrast: float
    brightest: float

    @classmethod
    def fit(cls, x: Samples) -> Self:
        """The range of the training samples x (N, ...); of those on disk, of some at equal steps."""
        x = plain_array(x, "the training samples")
        if isinstance(x, Shards):
            rows = min(len(x), max(ON_DISK // prod(x.shape[1:]), 1000))
            x = x[np.linspace(0, len(x) - 1, rows).astype(np.intp)]
        if is_pixels(x):
            low, high = np.zeros(1), np.full(1, float(WHITE))
        else:
            statistics = column_statistics(x.reshape(len(x), -1))
            low, high = (
                statistics.low,
                np.where(statistics.uncommon_share < RARE_SHARE, statistics.low, statistics.high),
            )
        fitted = cls(x.shape[1:], is_pixels(x), low, high, 0.0, float(WHITE))
        flattest = np.quantile(fitted._contrasts(x) or [0.0], UNUSUAL_SHARE, method="higher")
        brightest = np.quantile(_peaks(x), 1 - UNUSUAL_SHARE, method="lower") if fitted.pixels else fitted.brightest
        return replace(fitted, least_contrast=float(flattest), brightest=float(brightest))

    @classmethod
    def unknown(cls, shape: Shape) -> Self:
        """The range of a run that saved none: only the shape of its samples is known, and that images were uint8."""
        if len(shape) == 3:
            return cls(shape, True, np.zeros(1), np.full(1, float(WHITE)), 0.0, float(WHITE))
        return cls(shape, False, np.zeros(shape), np.zeros(shape), 0.0, float(WHITE))

    def facts(self) -> dict[str, Any]:
        """The facts that a checkpoint saves in addition to the shape."""
        limits = {"low": self.low.tolist(), "high": self.high.tolist()}
        return {"pixels": self.pixels} | limits | {"flattest": self.least_contrast, "brightest": self.brightest}

    @classmethod
    def from_facts(cls, shape: Shape, facts: dict[str, Any]) -> Self:
        """The range that `facts` describes, for samples of this shape. Raises ValueError where it does not fit it."""
        low, high = np.array(facts["low"], np.float64), np.array(facts["high"], np.float64)
        if low.shape != high.shape or low.size != (1 if facts["pixels"] else prod(shape)):
            raise ValueError(f"the range has {low.size} lowest and {high.size} highest values for samples of {shape}")
        return cls(shape, facts["pixels"], low, high, facts["flattest"], facts.get("brightest", float(WHITE)))

    def refuse_mismatch(self, x: NDArray[Any]) -> None:
        """Raise DataError, with the remedy, for samples of another shape or dtype, or on another scale."""
        x = plain_array(x, "the samples")
        if x.ndim < 2 or x.shape[1:] != self.shape or not len(x):
            raise DataError(
                f"the network takes one or more samples of shape {self.shape}, and was given an array of shape "
                f"{x.shape}{axes.hint(x.shape, self.shape)}"
            )
        if x.dtype.kind not in "iubf":
            raise DataError(
                f"the network takes numbers, and was given {x.dtype}; convert them as the training samples were"
            )
        refuse_not_finite(x, "the samples")
        if self.pixels and x.dtype != np.uint8:
            raise DataError(
                f"the network was trained on pixels of uint8 from 0 to 255, and was given {x.dtype} from {x.min():g} "
                f"to {x.max():g}; write {conversion_code(x)}"
            )
        if mismatch := self.mismatch(x):
            raise DataError(f"{mismatch}; bring the samples to the scale of the training data")

    def mismatch(self, x: NDArray[Any]) -> str:
        """Why samples of the right shape and dtype are on another scale than the training samples; "" if not."""
        return self._far_values(x, FAR_SHARE, 0.5) or self._low_contrast(x) or self._too_bright(x)

    def warning(self, x: NDArray[Any]) -> str:
        """The mismatch, or a single value so far beyond the training range that it can spoil a mean loss; or ""."""
        return self.mismatch(x) or self._far_values(x, 0.0, 0.0)

    def _far_values(self, x: NDArray[Any], share: float, of_column: float) -> str:
        """The first far value of the worst feature, in words; "" unless too many values are far beyond training.

        share: the allowed share of all values.   of_column: that of one column, where there are enough samples.
        """
        if self.pixels:
            return ""
        beyond = np.concatenate([np.abs(chunk - 0.5) > FAR_FACTOR + 0.5 for chunk in self._relative_values(x)])
        if not beyond.size or (
            beyond.mean() <= share and (len(x) < MIN_SAMPLES or beyond.mean(axis=0).max() <= of_column)
        ):
            return ""
        feature = int(beyond.mean(axis=0).argmax())
        row, column = int(beyond[:, feature].argmax()), int(np.flatnonzero(self.high > self.low)[feature])
        low, high = self.low[column], self.high[column]
        return (
            f"row {row}, column {column}, counted from 0, is {x[row].flat[column]:g}, where the training samples lie "
            f"from {low:g} to {high:g}; values so far off: {beyond.sum():,} of {beyond.size:,}"
        )

    def _low_contrast(self, x: NDArray[Any]) -> str:
        contrast = float(np.median(self._contrasts(x) or [1.0]))
        if contrast * SCALE_FACTOR >= self.least_contrast:
            return ""
        return (
            f"the values, from {x.min():g} to {x.max():g}, lie closer together than in the training samples: within "
            f"{contrast:.1%} of their range, where {1 - UNUSUAL_SHARE:.0%} of the training samples span "
            f"{self.least_contrast:.1%} or more"
        )

    def _too_bright(self, x: NDArray[Any]) -> str:
        if not self.pixels or np.median(_peaks(x)) <= SCALE_FACTOR * self.brightest or not self.brightest:
            return ""
        return (
            f"the pixels, from {x.min():g} to {x.max():g}, are brighter than in the training samples, of which "
            f"{1 - UNUSUAL_SHARE:.0%} reach no further than {self.brightest:g}"
        )

    def _contrasts(self, x: NDArray[Any]) -> list[float]:
        """The contrasts of the samples that have any; none for samples with few features."""
        if prod(self.shape) < MIN_FEATURES or not (self.high > self.low).any():
            return []
        contrasts = np.concatenate([np.ptp(chunk, axis=1) for chunk in self._relative_values(x)])
        return contrasts[contrasts > 0].tolist()

    def _relative_values(self, x: NDArray[Any]) -> Iterator[NDArray[np.float64]]:
        """The values relative to low .. high, as 0 .. 1, in chunks (n, values), without features that do not vary."""
        varies = self.high > self.low
        low, extent = self.low[varies] / 2, self.high[varies] / 2 - self.low[varies] / 2
        for start in range(0, len(x), CHUNK):
            chunk = x[start : start + CHUNK]
            rows = chunk.reshape(len(chunk), -1)
            with np.errstate(over="ignore"):  # an infinite distance is far as well
                within = ((rows if self.pixels else rows[:, varies]) / np.float64(2) - low) / extent
            yield within


def range_notes(train: Dataset, others: Mapping[str, Dataset]) -> dict[str, str]:
    """A note, for `Splits.notes`, on each data set that is on another scale than `train`, or has a value far beyond.

    others: the data sets by their names, such as "test samples". Those of another shape are left out.
    """
    fitted = ValueRange.fit(train.x)
    warnings = {name: fitted.warning(data.x) for name, data in others.items() if data.x.shape[1:] == fitted.shape}
    return {f"range of the {name}": remark for name, remark in warnings.items() if remark}


def _peaks(x: NDArray[Any]) -> NDArray[Any]:
    """The largest value of each sample: (N, ...) -> (N,)."""
    return x.reshape(len(x), -1).max(axis=1)
