"""Augmentations that move pixels: flip, crop, and rotation, shift and scale in one resampling.

What comes into view beyond the edge is taken from the image itself, so that no colour has to be chosen. A crop shows
the mirror image there, as is usual for photographs. Affine augmentations, which reach farther, show the nearest pixel
of the edge: a mirror image would bring parts of a second digit or face into view.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backhand.data.augment.base import Augmentation, BatchShape, Floats


@dataclass(frozen=True)
class Flip(Augmentation):
    """Each image is mirrored left to right with probability 1/2. Source: Krizhevsky et al. 2012, NIPS."""

    kernel_name = "flip"

    def draw(self, shape: BatchShape, rng: np.random.Generator) -> Floats:
        """Draw 1 for an image that is mirrored, else 0."""
        return (rng.random((shape[0], 1)) < 0.5).astype(np.float32)

    def apply(self, x: Floats, numbers: Floats) -> Floats:
        """Mirror the images x (N, H, W, C) for which 1 was drawn."""
        y, mirrored = x.copy(), numbers[:, 0] == 1
        y[mirrored] = x[mirrored, :, ::-1]
        return y


@dataclass(frozen=True)
class Crop(Augmentation):
    """Each image is padded by `pixels` on every side and cut back to its size at a random position.

    This is the same as a shift by at most `pixels` whole pixels along each axis, with every shift equally likely. The
    padding is the image's reflection, without repeating its edge.   ValueError for less than 0 pixels.
    Source: He et al. 2016, arXiv:1512.03385, section 4.2; reflection: Zagoruyko and Komodakis 2016, arXiv:1605.07146.
    """

    kernel_name = "crop"
    pixels: int

    def __post_init__(self) -> None:
        if self.pixels < 0:
            raise ValueError(f"a crop needs a padding of 0 pixels or more, not {self.pixels}")

    def draw(self, shape: BatchShape, rng: np.random.Generator) -> Floats:
        """Draw how far the crop begins below and to the right of the image's corner, in pixels."""
        return (rng.integers(0, 2 * self.pixels + 1, (2, shape[0])).T - self.pixels).astype(np.float32)

    def apply(self, x: Floats, numbers: Floats) -> Floats:
        """Cut the crops out of the padded images x (N, H, W, C)."""
        N, H, W, _ = x.shape
        around = (self.pixels, self.pixels)
        padded = np.pad(x, ((0, 0), around, around, (0, 0)), mode="reflect")
        windows = np.lib.stride_tricks.sliding_window_view(padded, (H, W), axis=(1, 2))  # (N, top, left, C, H, W)
        top, left = numbers.T.astype(np.intp) + self.pixels
        return np.moveaxis(windows, 3, -1)[np.arange(N), top, left]


@dataclass(frozen=True)
class Affine(Augmentation):
    """Each image is rotated, shifted and scaled about its centre, by amounts drawn uniformly from their ranges.

    rotate: by at most this number of degrees, either way.   shift: by at most this fraction of the height and of the
    width, either way.
    scale: factors from 1 - scale to 1 + scale.   All three are one bilinear resampling: see `affine`.
    ValueError unless 0 <= rotate <= 180, 0 <= shift < 1, 0 <= scale < 1.   Source: Simard et al. 2003, ICDAR.
    """

    kernel_name = "affine"
    rotate: float = 0.0
    shift: float = 0.0
    scale: float = 0.0

    def __post_init__(self) -> None:
        if not (0 <= self.rotate <= 180 and 0 <= self.shift < 1 and 0 <= self.scale < 1):
            raise ValueError(f"rotate is in [0, 180] degrees, shift and scale are in [0, 1); this is {self}")

    def draw(self, shape: BatchShape, rng: np.random.Generator) -> Floats:
        """Draw the cosine and sine of the angle, each divided by the factor; then the pixels down and to the right."""
        N, H, W, _ = shape
        angle, down, right, factor = rng.uniform(-1, 1, (4, N))
        return _motion(self.rotate * angle, self.shift * H * down, self.shift * W * right, 1 + self.scale * factor)

    def apply(self, x: Floats, numbers: Floats) -> Floats:
        """Resample the images x (N, H, W, C) by the motions that were drawn."""
        return _resample(x, numbers)


def affine(x: Floats, *, angle: Floats, down: Floats, right: Floats, factor: Floats) -> Floats:
    """Image n, magnified by factor[n] and turned by angle[n] degrees about its centre, then moved.

    x: (N, H, W, C).   angle: counter-clockwise.   down, right: pixels.   All (N,), or numbers for the whole batch.
    Each pixel of the result is interpolated between the four pixels around the point that it comes from (bilinear);
    for a point outside the image, the nearest pixel of the edge is taken.
    """
    return _resample(x, _motion(angle, down, right, factor))


def _motion(angle: Floats, down: Floats, right: Floats, factor: Floats) -> Floats:
    """The numbers of `Affine.draw` for these motions: (N, 4), or (1, 4) for the whole batch."""
    turn = np.radians(angle)
    columns = np.broadcast_arrays(np.cos(turn) / factor, np.sin(turn) / factor, down, right)
    return np.stack(columns, axis=-1).astype(np.float32).reshape(-1, 4)


def _resample(x: Floats, motion: Floats) -> Floats:
    N, H, W, C = x.shape
    cos, sin, down, right = motion.T[:, :, None, None]
    middle_i, middle_j = np.float32((H - 1) / 2), np.float32((W - 1) / 2)
    i = np.arange(H, dtype=np.float32)[:, None] - middle_i - down
    j = np.arange(W, dtype=np.float32) - middle_j - right
    # Rows run downwards, so that a turn to the left takes (i, j) from (cos i + sin j, cos j - sin i).
    rows, row_share = _neighbours(cos * i + sin * j + middle_i, H)
    columns, column_share = _neighbours(cos * j - sin * i + middle_j, W)
    image = (np.arange(N) * H)[:, None, None]
    planes = np.ascontiguousarray(np.moveaxis(x, -1, 0)).reshape(C, -1)  # as taking 3 channels is slow
    above, below = (
        _interpolate(planes.take(offset + columns[0], axis=1), planes.take(offset + columns[1], axis=1), column_share)
        for offset in ((image + row) * W for row in rows)
    )
    return np.ascontiguousarray(np.moveaxis(_interpolate(above, below, row_share), 0, -1))


def _neighbours(position: Floats, size: int) -> tuple[tuple[NDArray[np.intp], NDArray[np.intp]], Floats]:
    """The two pixels of an axis around each position, and the share of the second; beyond its ends, the pixel there."""
    clipped = np.clip(position, 0, size - 1)
    first = clipped.astype(np.intp)
    return (first, np.minimum(first + 1, size - 1)), clipped - first.astype(np.float32)


def _interpolate(a: Floats, b: Floats, share: Floats) -> Floats:
    """The linear interpolation (1 - share) a + share b."""
    return a + share * (b - a)
