"""Inputs on a common scale: (x - mean) / deviation, with the statistics of the training part only."""

from dataclasses import dataclass
from typing import Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from backhand.data.dataset import Samples
from backhand.errors import CheckpointError, DataError, closest

Mode = Literal["none", "global", "channel", "feature"]
Floats = NDArray[np.float64]

CHUNK = 1024  # samples turned to float64 at a time
# A pixel that is black in all but one training image has a deviation near 0; divided by it, one bright test pixel would
# outweigh the whole image. Five grey levels of 255 is below any deviation that carries a signal.
PIXEL_FLOOR = 0.02
FEATURE_FLOOR = 1e-6  # of the mean's size: below it a feature is constant but for rounding


@dataclass(frozen=True)
class Standardizer:
    """x -> x * scale + shift in float32; made by `fit`.

    scale, shift: float32, broadcast against one sample: () for the modes none and global, (C,) for channel,
    the sample's own shape for feature.
    """

    scale: NDArray[np.float32]
    shift: NDArray[np.float32]

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
            return cls(np.float32(unit) * np.ones((), np.float32), np.zeros((), np.float32))
        axes = {"global": tuple(range(x.ndim - 1)), "channel": (0, 1), "feature": ()}[mode]
        mean, deviation = _pooled(*_statistics(x), axes)
        mean, deviation = mean * unit, _floored(deviation * unit, mean, pixels=x.dtype == np.uint8)
        return cls((unit / deviation).astype(np.float32), (-mean / deviation).astype(np.float32))

    def transform(self, x: Samples) -> NDArray[np.float32]:
        """A new float32 array of x's shape. x: samples of the kind that `fit` saw."""
        sample = x.shape[1:]
        # Over flat samples the inner loop is H*W*C long; over a last axis of 3 channels NumPy is ten times slower.
        scale, shift = (np.broadcast_to(a, sample).ravel() for a in (self.scale, self.shift))
        y = np.multiply(x.reshape(len(x), -1), scale, dtype=np.float32, casting="same_kind")
        y += shift
        return y.reshape(x.shape)

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """What a checkpoint saves."""
        return {"scale": self.scale, "shift": self.shift}

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[np.float32]]) -> Self:
        """The inverse of `arrays`; CheckpointError where one is missing or not finite."""
        for name in ("scale", "shift"):
            if name not in arrays or not np.isfinite(arrays[name]).all():
                raise CheckpointError(
                    f"the standardisation's {name} is missing or not finite; the checkpoint is damaged"
                )
        return cls(np.asarray(arrays["scale"], np.float32), np.asarray(arrays["shift"], np.float32))


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


def _floored(deviation: Floats, mean: Floats, *, pixels: bool) -> Floats:
    if pixels:
        return np.maximum(deviation, PIXEL_FLOOR)
    return np.where(deviation <= FEATURE_FLOOR * np.abs(mean), 1.0, deviation)
