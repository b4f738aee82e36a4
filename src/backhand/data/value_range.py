"""What values the training samples have, so that samples on another scale are known before they are classified."""

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
from backhand.data.standardize import RARE_SHARE, is_pixels
from backhand.errors import DataError

CHUNK = 1024  # samples at a time
FAR_FACTOR = 10.0  # times its extent in training may a feature lie beyond it
FAR_SHARE = 0.05  # of the values at most may do so
MIN_SAMPLES = 10  # samples by which a feature can be judged alone
UNUSUAL_SHARE = (
    0.05  # of the training samples, at either end, say nothing of the scale: a blank picture, a flash of light
)
SCALE_FACTOR = 4.0  # two binary digits, the least that lies between usual scales of pixels: 6 bits and 8
MIN_FEATURES = 8  # features at least of a sample whose contrast says something; two or three are alike by chance


@dataclass(frozen=True)
class ValueRange:
    """The values of training samples: images of uint8, or numbers of any other kind.

    low, high: of each feature (F,), the same where it says nothing, being constant or nearly so; 0 and 255 of images.
    flattest: the contrast of a sample, which is how far its values lie apart within low .. high, that all but a
    twentieth of those with any reach.   brightest: the grey level that all but a twentieth of the images keep to,
    of 255.
    """

    shape: Shape
    pixels: bool
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    least_contrast: float
    brightest: float

    @classmethod
    def fit(cls, x: Samples) -> Self:
        """The span of training samples (N, ...)."""
        x = plain_array(x, "the training samples")
        if is_pixels(x):
            low, high = np.zeros(1), np.full(1, float(WHITE))
        else:
            found = column_statistics(x.reshape(len(x), -1))
            low, high = found.low, np.where(found.uncommon_share < RARE_SHARE, found.low, found.high)
        fitted = cls(x.shape[1:], is_pixels(x), low, high, 0.0, float(WHITE))
        flattest = np.quantile(fitted._contrasts(x) or [0.0], UNUSUAL_SHARE, method="higher")
        brightest = np.quantile(_peaks(x), 1 - UNUSUAL_SHARE, method="lower") if fitted.pixels else fitted.brightest
        return replace(fitted, least_contrast=float(flattest), brightest=float(brightest))

    @classmethod
    def unknown(cls, shape: Shape) -> Self:
        """What is known of a run that saved no span: the shape of its samples, and that images were uint8."""
        if len(shape) == 3:
            return cls(shape, True, np.zeros(1), np.full(1, float(WHITE)), 0.0, float(WHITE))
        return cls(shape, False, np.zeros(shape), np.zeros(shape), 0.0, float(WHITE))

    def facts(self) -> dict[str, Any]:
        """What a checkpoint saves beside the shape."""
        limits = {"low": self.low.tolist(), "high": self.high.tolist()}
        return {"pixels": self.pixels} | limits | {"flattest": self.least_contrast, "brightest": self.brightest}

    @classmethod
    def from_facts(cls, shape: Shape, facts: dict[str, Any]) -> Self:
        """The inverse of `facts`."""
        low, high = np.array(facts["low"], np.float64), np.array(facts["high"], np.float64)
        return cls(shape, facts["pixels"], low, high, facts["flattest"], facts.get("brightest", float(WHITE)))

    def refuse_mismatch(self, x: NDArray[Any]) -> None:
        """Raise DataError, with what to do, for samples that cannot be of this span: another shape, dtype or scale."""
        x = plain_array(x, "the samples")
        if x.ndim < 2 or x.shape[1:] != self.shape or not len(x):
            raise DataError(
                f"the network takes one or more samples of shape {self.shape}, and was given an array of shape "
                f"{x.shape}{axes.hint(x.shape, self.shape)}"
            )
        if x.dtype.kind not in "iubf":
            raise DataError(f"the network takes numbers, and was given {x.dtype}; convert them as for the training")
        refuse_not_finite(x, "the samples")
        if self.pixels and x.dtype != np.uint8:
            raise DataError(
                f"the network was trained on pixels of uint8 from 0 to 255, and was given {x.dtype} from {x.min():g} "
                f"to {x.max():g}; write {conversion_code(x)}"
            )
        if stranger := self.mismatch(x):
            raise DataError(f"{stranger}; bring the samples to the scale of the training data")

    def mismatch(self, x: NDArray[Any]) -> str:
        """Why samples of this shape and kind are on another scale than those of the training, in words; "" if not."""
        return self._beyond(x, FAR_SHARE, 0.5) or self._flatter(x) or self._brighter(x)

    def warning(self, x: NDArray[Any]) -> str:
        """The same, and where a single value lies so far beyond the training samples that it can spoil a mean loss."""
        return self.mismatch(x) or self._beyond(x, 0.0, 0.0)

    def _beyond(self, x: NDArray[Any], share: float, of_column: float) -> str:
        """Which value lies far beyond, if more than these shares of all values, or of a column's many, do."""
        if self.pixels:
            return ""
        beyond = np.concatenate([np.abs(part - 0.5) > FAR_FACTOR + 0.5 for part in self._within(x)])
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

    def _flatter(self, x: NDArray[Any]) -> str:
        contrast = float(np.median(self._contrasts(x) or [1.0]))
        if contrast * SCALE_FACTOR >= self.least_contrast:
            return ""
        return (
            f"the values, from {x.min():g} to {x.max():g}, lie closer together than in the training samples: within "
            f"{contrast:.1%} of their range, where {1 - UNUSUAL_SHARE:.0%} of the training samples span "
            f"{self.least_contrast:.1%} or more"
        )

    def _brighter(self, x: NDArray[Any]) -> str:
        if not self.pixels or np.median(_peaks(x)) <= SCALE_FACTOR * self.brightest or not self.brightest:
            return ""
        return (
            f"the pixels, from {x.min():g} to {x.max():g}, are brighter than in the training samples, of which "
            f"{1 - UNUSUAL_SHARE:.0%} reach no further than {self.brightest:g}"
        )

    def _contrasts(self, x: NDArray[Any]) -> list[float]:
        """Of the samples that have any; none of samples of few features."""
        if prod(self.shape) < MIN_FEATURES or not (self.high > self.low).any():
            return []
        contrasts = np.concatenate([np.ptp(part, axis=1) for part in self._within(x)])
        return contrasts[contrasts > 0].tolist()

    def _within(self, x: NDArray[Any]) -> Iterator[NDArray[np.float64]]:
        """Where in low .. high the values lie, as 0 .. 1, in chunks (n, values); features that say nothing left out."""
        says = self.high > self.low
        low, extent = self.low[says] / 2, self.high[says] / 2 - self.low[says] / 2
        for start in range(0, len(x), CHUNK):
            part = x[start : start + CHUNK]
            rows = part.reshape(len(part), -1)
            with np.errstate(over="ignore"):  # what is infinitely far is far
                within = ((rows if self.pixels else rows[:, says]) / np.float64(2) - low) / extent
            yield within


def range_notes(train: Dataset, others: Mapping[str, Dataset]) -> dict[str, str]:
    """A note, for `Splits.notes`, on each of others that is on another scale than `train`, or has a value far beyond.

    others: by what they are, such as "test samples". Those of another shape are left out.
    """
    fitted = ValueRange.fit(train.x)
    warnings = {name: fitted.warning(data.x) for name, data in others.items() if data.x.shape[1:] == fitted.shape}
    return {f"range of the {name}": remark for name, remark in warnings.items() if remark}


def _peaks(x: NDArray[Any]) -> NDArray[Any]:
    """(N, ...) -> (N,): the largest value of each sample."""
    return x.reshape(len(x), -1).max(axis=1)
