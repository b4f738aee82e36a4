"""Augmentations that change the values of pixels: brightness, contrast, cutout."""

from dataclasses import dataclass

import numpy as np

from backhand.data.augment.base import Augmentation, BatchShape, Floats

WHITE = 255.0


@dataclass(frozen=True)
class Brightness(Augmentation):
    """Each image is multiplied by a factor from 1 - strength to 1 + strength, and clipped to 0 .. 255.

    ValueError unless strength is in [0, 1].   Source: Howard 2013, arXiv:1312.5402.
    """

    kernel_name = "brightness"
    strength: float

    def __post_init__(self) -> None:
        _check_fraction("brightness", self.strength)

    def draw(self, shape: BatchShape, rng: np.random.Generator) -> Floats:
        """Draw the factor of each image."""
        return _factors(self.strength, shape[0], rng)

    def apply(self, x: Floats, numbers: Floats) -> Floats:
        """Multiply the images x (N, H, W, C) by their factors."""
        flat = x.reshape(len(x), -1)
        y = flat * numbers
        return np.clip(y, 0, WHITE, out=y).reshape(x.shape)


@dataclass(frozen=True)
class Contrast(Augmentation):
    """Each image's distance from its mean is multiplied by a factor from 1 - strength to 1 + strength, then clipped.

    The mean is over all pixels and channels.   ValueError unless strength is in [0, 1].   Source: as `Brightness`.
    """

    kernel_name = "contrast"
    strength: float

    def __post_init__(self) -> None:
        _check_fraction("contrast", self.strength)

    def draw(self, shape: BatchShape, rng: np.random.Generator) -> Floats:
        """Draw the factor of each image."""
        return _factors(self.strength, shape[0], rng)

    def apply(self, x: Floats, numbers: Floats) -> Floats:
        """Scale the contrast of the images x (N, H, W, C) by their factors."""
        flat = x.reshape(len(x), -1)
        mean = flat.mean(axis=1, keepdims=True)
        y = flat - mean
        y *= numbers
        y += mean
        return np.clip(y, 0, WHITE, out=y).reshape(x.shape)


@dataclass(frozen=True)
class Cutout(Augmentation):
    """A square of `size` by `size` pixels is covered in each image. Its centre is any pixel, so that edges may cut it.

    fill: what covers the square, broadcast against an image: the training mean, which is 0 once standardised.
    ValueError for a size below 1.   Source: DeVries and Taylor 2017, arXiv:1708.04552.
    """

    kernel_name = "cutout"
    size: int
    fill: Floats

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError(f"the square of a cutout needs a side of 1 pixel or more, not {self.size}")

    def draw(self, shape: BatchShape, rng: np.random.Generator) -> Floats:
        """Draw the top, left, bottom and right of the square, in pixels, the last two exclusive."""
        N, H, W, _ = shape
        top, left = (rng.integers(0, side, (N, 1)) - self.size // 2 for side in (H, W))
        return np.concatenate([top, left, top + self.size, left + self.size], axis=1).astype(np.float32)

    def apply(self, x: Floats, numbers: Floats) -> Floats:
        """Cover the squares in the images x (N, H, W, C)."""
        _, H, W, _ = x.shape
        top, left, bottom, right = numbers.T[:, :, None]
        rows, columns = np.arange(H), np.arange(W)
        inside_rows, inside_columns = (rows >= top) & (rows < bottom), (columns >= left) & (columns < right)
        y, hidden = x.copy(), inside_rows[:, :, None] & inside_columns[:, None, :]
        y[hidden] = np.broadcast_to(self.fill, x.shape)[hidden]
        return y


def _factors(strength: float, N: int, rng: np.random.Generator) -> Floats:
    return rng.uniform(1 - strength, 1 + strength, (N, 1)).astype(np.float32)


def _check_fraction(name: str, strength: float) -> None:
    if not 0 <= strength <= 1:
        raise ValueError(f"the strength of {name} is a fraction in [0, 1], not {strength}")
