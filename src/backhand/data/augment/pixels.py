"""Augmentations that change the values of pixels where they are: brightness, contrast, cutout."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
WHITE = 255.0


@dataclass(frozen=True)
class Brightness:
    """Each image times a factor drawn from 1 - strength to 1 + strength, clipped to 0 .. 255.

    ValueError unless strength is in [0, 1].   Source: Howard 2013, arXiv:1312.5402.
    """

    strength: float

    def __post_init__(self) -> None:
        _check_fraction("brightness", self.strength)

    def __call__(self, x: Floats, rng: np.random.Generator) -> Floats:
        """x (N, H, W, C) -> the same shape."""
        flat = x.reshape(len(x), -1)
        y = flat * _factors(self.strength, len(x), rng)
        return np.clip(y, 0, WHITE, out=y).reshape(x.shape)


@dataclass(frozen=True)
class Contrast:
    """Each image's distance from its own mean times a factor from 1 - strength to 1 + strength, clipped to 0 .. 255.

    The mean is over all pixels and channels.   ValueError unless strength is in [0, 1].   Source: as `Brightness`.
    """

    strength: float

    def __post_init__(self) -> None:
        _check_fraction("contrast", self.strength)

    def __call__(self, x: Floats, rng: np.random.Generator) -> Floats:
        """x (N, H, W, C) -> the same shape."""
        flat = x.reshape(len(x), -1)
        mean = flat.mean(axis=1, keepdims=True)
        y = flat - mean
        y *= _factors(self.strength, len(x), rng)
        y += mean
        return np.clip(y, 0, WHITE, out=y).reshape(x.shape)


@dataclass(frozen=True)
class Cutout:
    """A square of `size` pixels a side is blotted out of each image, its centre at any pixel, so that edges cut it.

    fill: what stands there, broadcast against an image: the training mean, which is 0 once standardised.
    ValueError for a size below 1.   Source: DeVries and Taylor 2017, arXiv:1708.04552.
    """

    size: int
    fill: Floats

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError(f"the square of a cutout needs 1 pixel a side or more, not {self.size}")

    def __call__(self, x: Floats, rng: np.random.Generator) -> Floats:
        """x (N, H, W, C) -> the same shape."""
        N, H, W, _ = x.shape
        rows, columns = self._hidden(H, N, rng)[:, :, None], self._hidden(W, N, rng)[:, None, :]
        y, hidden = x.copy(), rows & columns
        y[hidden] = np.broadcast_to(self.fill, x.shape)[hidden]
        return y

    def _hidden(self, side: int, N: int, rng: np.random.Generator) -> NDArray[np.bool_]:
        """(N, side): which rows, or columns, the square covers."""
        begin = rng.integers(0, side, (N, 1)) - self.size // 2
        distance = np.arange(side) - begin
        return (distance >= 0) & (distance < self.size)


def _factors(strength: float, N: int, rng: np.random.Generator) -> Floats:
    return rng.uniform(1 - strength, 1 + strength, (N, 1)).astype(np.float32)


def _check_fraction(name: str, strength: float) -> None:
    if not 0 <= strength <= 1:
        raise ValueError(f"the strength of {name} is a fraction in [0, 1], not {strength}")
