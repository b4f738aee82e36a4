"""What values the training samples have, so that samples on another scale are known before they are classified."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from backhand import axes
from backhand.arrays import Shape
from backhand.data.columns import columns
from backhand.data.dataset import Samples, refuse_not_finite
from backhand.data.pixels import WHITE, recipe
from backhand.data.standardize import RARE, is_pixels
from backhand.errors import DataError

CHUNK = 1024  # samples at a time
REACH = 10.0  # times its extent in training may a feature lie beyond it
FAR = 0.05  # of the values at most may do so
MANY = 10  # samples by which a feature can be judged alone
FLAT = 0.25  # of the contrast of the flattest training sample: what is flatter throughout is on another scale


@dataclass(frozen=True)
class Span:
    """The values of training samples: images of uint8, or numbers of any other kind.

    low, high: of each feature (F,), the same where it says nothing, being constant or nearly so; 0 and 255 of images.
    flattest: the least contrast of a sample that has any, which is how far its values lie apart within low .. high.
    """

    shape: Shape
    pixels: bool
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    flattest: float

    @classmethod
    def of(cls, x: Samples) -> Self:
        """The span of training samples (N, ...)."""
        if is_pixels(x):
            low, high = np.zeros(1), np.full(1, float(WHITE))
        else:
            found = columns(x.reshape(len(x), -1))
            low, high = found.low, np.where(found.departing < RARE, found.low, found.high)
        span = cls(x.shape[1:], is_pixels(x), low, high, 0.0)
        contrasts = np.concatenate([_contrast(part) for part in span._within(x)])
        return cls(span.shape, span.pixels, low, high, float(contrasts[contrasts > 0].min(initial=1.0)))

    @classmethod
    def unknown(cls, shape: Shape) -> Self:
        """What is known of a run that saved no span: the shape of its samples, and that images were uint8."""
        if len(shape) == 3:
            return cls(shape, True, np.zeros(1), np.full(1, float(WHITE)), 0.0)
        return cls(shape, False, np.zeros(shape), np.zeros(shape), 0.0)

    def facts(self) -> dict[str, Any]:
        """What a checkpoint saves beside the shape."""
        return {"pixels": self.pixels, "low": self.low.tolist(), "high": self.high.tolist(), "flattest": self.flattest}

    @classmethod
    def from_facts(cls, shape: Shape, facts: dict[str, Any]) -> Self:
        """The inverse of `facts`."""
        low, high = np.array(facts["low"], np.float64), np.array(facts["high"], np.float64)
        return cls(shape, facts["pixels"], low, high, facts["flattest"])

    def refuse(self, x: NDArray[Any]) -> None:
        """Raise DataError, with what to do, for samples that cannot be of this span: another shape, dtype or scale."""
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
                f"to {x.max():g}; write {recipe(x)}"
            )
        if stranger := self.stranger(x):
            raise DataError(f"{stranger}; bring the samples to the scale of the training data")

    def stranger(self, x: NDArray[Any]) -> str:
        """Why samples of this shape and kind are on another scale than those of the training, in words; "" if not."""
        contrast, far = 0.0, []
        for part in self._within(x):
            contrast = max(contrast, float(_contrast(part).max()))
            far.append(np.abs(part - 0.5) > REACH + 0.5)
        beyond = np.concatenate(far)
        if beyond.size and (beyond.mean() > FAR or (len(x) >= MANY and beyond.mean(axis=0).max() > 0.5)):
            return self._beyond(x.reshape(len(x), -1), beyond)
        if 0 < contrast < FLAT * self.flattest:
            return (
                f"the values, from {x.min():g} to {x.max():g}, lie closer together than in any training sample: within "
                f"{contrast:.1%} of the range of those, where each of those takes {self.flattest:.1%} or more"
            )
        return ""

    def _beyond(self, rows: NDArray[Any], beyond: NDArray[np.bool_]) -> str:
        feature = int(beyond.mean(axis=0).argmax())
        row, column = int(beyond[:, feature].argmax()), int(np.flatnonzero(self.high > self.low)[feature])
        return (
            f"row {row}, column {column}, counted from 0, is {rows[row, column]:g}, where the training samples lie "
            f"from {self.low[column]:g} to {self.high[column]:g}; so far off are {beyond.mean():.0%} of the values"
        )

    def _within(self, x: NDArray[Any]) -> Iterator[NDArray[np.float64]]:
        """Where in low .. high the values lie, as 0 .. 1, in chunks (n, values); features that say nothing left out."""
        says = self.high > self.low
        low, extent = self.low[says] / 2, self.high[says] / 2 - self.low[says] / 2
        for start in range(0, len(x), CHUNK):
            part = x[start : start + CHUNK]
            rows = part.reshape(len(part), -1)
            yield ((rows if self.pixels else rows[:, says]) / np.float64(2) - low) / extent


def _contrast(part: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, values) -> (n,): how far the values of each sample lie apart."""
    return np.ptp(part, axis=1) if part.size else np.zeros(len(part))
