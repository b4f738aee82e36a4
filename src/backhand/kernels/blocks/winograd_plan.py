"""Which convolutions are computed by minimal filtering, and how their images are cut into tiles."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from backhand.arrays import Array
from backhand.precision import BFLOAT16, FLOAT32
from backhand.windows import Windows

SIZES = 4, 3, 2  # rows and columns of places that a tile may have
# Channels in and out, by the rows of the kernel: with fewer the transformations outweigh what they save. In bfloat16
# the products themselves take half the time.
FEWEST = {FLOAT32: {3: 32, 5: 16}, BFLOAT16: {3: 64}}
VALUES = 2**20  # of V and M that are computed at a time: they stay in the cache
TILES = 128  # or as many tiles, so that the sums over them outweigh adding them up


class Plan(NamedTuple):
    """The tiles of some images: m and r, how many images, rows and columns of tiles; C channels in and O out.

    Tiles have one of two layouts, which is an array of six offsets: that of the first tile, and those from one image to
    the next, from one row and column of tiles to the next, and from one row and column of a tile to the next.
    """

    m: int
    r: int
    images: int
    rows: int
    columns: int
    C: int
    O: int

    @property
    def a(self) -> int:
        """Rows and columns of a tile."""
        return self.m + self.r - 1

    @property
    def T(self) -> int:  # noqa: N802 (the formulas' name)
        """The number of tiles in all images."""
        return self.images * self.rows * self.columns

    @property
    def tiles(self) -> Array:
        """Images, rows and columns of tiles, and m, as an array for kernels."""
        return np.array((self.images, self.rows, self.columns, self.m), np.int64)

    def chunks(self) -> Iterator[tuple[slice, "Plan"]]:
        """Some images at a time, and their plan: what is computed from them stays in the cache."""
        image = self.a**2 * self.rows * self.columns
        most = max(VALUES // (image * (self.C + self.O)), -(-TILES // (self.rows * self.columns)), 1)
        chunks = -(-self.images // most)
        for i in range(chunks):
            start, stop = i * self.images // chunks, (i + 1) * self.images // chunks
            yield slice(start, stop), self._replace(images=stop - start)

    def entries_layout(self, channels: int) -> Array:
        """The layout of V and M (a², T, channels): entries first, then tiles."""
        row = self.columns * channels
        layout = 0, self.rows * row, row, channels, self.a * self.T * channels, self.T * channels
        return np.array(layout, np.int64)

    def pixels_layout(self, shape: tuple[int, ...], top: int = 0, left: int = 0) -> Array:
        """The layout of images (N, H, W, C), whose first tile begins so many rows and columns outside."""
        _, H, Wd, C = shape
        layout = -(top * Wd + left) * C, H * Wd * C, self.m * Wd * C, self.m * C, Wd * C, C
        return np.array(layout, np.int64)


def choose_plan(
    x_shape: tuple[int, ...], w_shape: tuple[int, ...], windows: Windows, groups: int, precision: str = FLOAT32
) -> Plan | None:
    """How to compute this convolution, or None where the plain contraction is as fast."""
    (r, kw, C, O), fewest = w_shape, FEWEST[precision]
    if groups > 1 or r != kw or r not in fewest or windows.stride != (1, 1) or windows.dilation != (1, 1):
        return None
    if min(C, O) < fewest[r]:
        return None
    P, Q = windows.places
    m = min(SIZES, key=lambda m: (m + r - 1) ** 2 * -(-P // m) * -(-Q // m))
    return Plan(m, r, x_shape[0], -(-P // m), -(-Q // m), C, O)
