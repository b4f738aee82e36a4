"""Inputs on a common scale: (x - mean) / deviation, with the statistics of the training part only."""

from dataclasses import dataclass
from typing import Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from backhand.arrays import Shape
from backhand.data.dataset import Samples
from backhand.errors import CheckpointError, DataError, closest

Mode = Literal["none", "global", "channel", "feature"]
Floats = NDArray[np.float64]

CHUNK = 1024  # samples turned to float64 at a time
# A pixel that is black in all but one training image has a deviation near 0; divided by it, one bright test pixel would
# outweigh the whole image. Five grey levels of 255 is below any deviation that carries a signal.
PIXEL_FLOOR = 0.02
# A feature whose deviation is below this share of its mean, or next to nothing at all, is constant but for rounding.
FEATURE_FLOOR, TINY = 1e-6, 1e-30


@dataclass(frozen=True)
class Standardizer:
    """x -> (x - mean) * scale in float32; made by `fit`.

    mean, scale: float32, in the units of x (0..255 for uint8), broadcast against one sample: () for the modes none and
    global, (C,) for channel, the sample's own shape for feature.
    """

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]

    @classmethod
    def fit(cls, x: Samples, mode: Mode = "channel") -> Self:
        """Statistics of the training samples x, (N, H, W, C) uint8 or (N, F) float.

        uint8 is first put on 0..1.   none: only that.   global: one mean and deviation.   channel: one for each channel
        of images.   feature: one for every pixel or feature.   Deviations are floored: 0.02 for pixels; a feature that
        does not vary is only centred. DataError for an unknown mode, no samples, or NaN.
        """
        if mode not in get_args(Mode):
            raise DataError(f'unknown standardisation "{mode}"{closest(mode, get_args(Mode))}')
        if mode == "channel" and x.ndim != 4:
            raise DataError('standardisation "channel" needs images; use "feature" for a table of features')
        unit = 1 / 255 if x.dtype == np.uint8 else 1.0
        if mode == "none":
            return cls(np.zeros((), np.float32), np.array(unit, np.float32))
        axes = {"global": tuple(range(x.ndim - 1)), "channel": (0, 1), "feature": ()}[mode]
        mean, deviation = _pooled(*_statistics(x), axes)
        floored = _floored_pixels(deviation) if x.dtype == np.uint8 else _floored_features(deviation, mean)
        return cls(np.asarray(mean, np.float32), np.asarray(1 / floored, np.float32))

    def transform(self, x: Samples) -> NDArray[np.float32]:
        """A new float32 array of x's shape. x: samples of the shape that `fit` saw, else DataError."""
        mean, scale = self.flat(x.shape[1:])
        # Subtracted first: where the mean is large, x * scale would round away what tells the samples apart.
        y = np.subtract(x.reshape(len(x), mean.size), mean, dtype=np.float32, casting="same_kind")
        y *= scale
        return y.reshape(x.shape)

    def flat(self, sample: Shape) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """mean and scale for every value of a sample of this shape, flat; DataError as above.

        Over flat samples the inner loop is H*W*C long; over a last axis of 3 channels NumPy is ten times slower.
        """
        if sample[len(sample) - self.mean.ndim :] != self.mean.shape:
            raise DataError(
                f"samples of shape {sample} cannot be standardised as those of shape {self.mean.shape} were"
            )
        return np.broadcast_to(self.mean, sample).ravel(), np.broadcast_to(self.scale, sample).ravel()

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """What a checkpoint saves."""
        return {"mean": self.mean, "scale": self.scale}

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[np.float32]]) -> Self:
        """The inverse of `arrays`; CheckpointError where one is missing or not finite."""
        for name in ("mean", "scale"):
            if name not in arrays or not np.isfinite(arrays[name]).all():
                raise CheckpointError(
                    f"the standardisation's {name} is missing or not finite; the checkpoint is damaged"
                )
        return cls(np.asarray(arrays["mean"], np.float32), np.asarray(arrays["scale"], np.float32))


def _statistics(x: Samples) -> tuple[Floats, Floats]:
    """Mean and variance of every pixel or feature, chunk by chunk in float64.

    Chunks are merged as Chan, Golub and LeVeque (1983) show, which loses no digits where the mean is large.
    """
    count, mean, squares = 0, np.zeros(x.shape[1:]), np.zeros(x.shape[1:])
    for start in range(0, len(x), CHUNK):
        part = x[start : start + CHUNK].astype(np.float64)
        delta = part.mean(axis=0) - mean
        squares += np.square(part - part.mean(axis=0)).sum(axis=0) + delta**2 * (
            count * len(part) / (count + len(part))
        )
        count += len(part)
        mean += delta * (len(part) / count)
    if not count or not np.isfinite(squares).all():
        raise DataError("cannot standardise: there are no samples, or they hold NaN or infinity")
    return mean, squares / count


def _pooled(mean: Floats, variance: Floats, axes: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Mean and deviation over several pixels or features at once: the variance within them and that between them."""
    pooled = mean.mean(axis=axes, keepdims=True)
    total = (variance + (mean - pooled) ** 2).mean(axis=axes)
    return pooled.reshape(total.shape), np.sqrt(total)


def _floored_pixels(deviation: Floats) -> Floats:
    return np.maximum(deviation, 255 * PIXEL_FLOOR)


def _floored_features(deviation: Floats, mean: Floats) -> Floats:
    return np.where(deviation <= FEATURE_FLOOR * np.abs(mean) + TINY, 1.0, deviation)
