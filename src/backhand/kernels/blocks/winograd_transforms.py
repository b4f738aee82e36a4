"""The transformations of minimal filtering: images to and from tiles, and filters, by the matrices of `cook_toom`.

    V = Bᵀ X B      U = G g Gᵀ      Y = Aᵀ M A          and, in backward, their transposes

All of them are two-sided products T X Tᵀ: see `simd.two_sided`.
"""

import numpy as np
from numba import prange

from backhand.arrays import Array
from backhand.kernels import buffers, jit
from backhand.kernels.blocks.bfloat16 import empty as empty_halves
from backhand.kernels.blocks.frames import NOTHING
from backhand.kernels.blocks.packing import FLOATS
from backhand.kernels.blocks.winograd_plan import Plan
from backhand.kernels.cook_toom import FILTER, INPUT_GRADIENT
from backhand.kernels.simd import W, call_two_sided, flush_denormals, restore_denormals, two_sided
from backhand.precision import BFLOAT16, FLOAT32

EVERYTHING = 1 << 30  # a bound that nothing reaches


def images_to_tiles(kind: int, plan: Plan, images: Array, precision: str = FLOAT32) -> Array:
    """V from x, or dM from dz: (a², T, channels) of images (N, H, W, channels), in this precision."""
    channels, rounds = images.shape[3], precision == BFLOAT16
    tiles = (empty_halves if rounds else buffers.empty)((plan.a**2, plan.T, channels))
    bounds = np.array((0, EVERYTHING, 0, EVERYTHING), np.int64)
    _over_images(
        *(two_sided(kind, plan.m, plan.r, rounds=rounds), images.reshape(-1), plan.pixels_layout(images.shape)),
        *(tiles.reshape(-1), plan.entries_layout(channels), plan.tiles, channels),
        *(NOTHING, 0, bounds, 0, jit.shards(images.size + tiles.size)),
    )
    return tiles


def tiles_to_images(
    kind: int,
    plan: Plan,
    tiles: Array,
    images: Array,
    *,
    corner: tuple[int, int] = (0, 0),
    bias: Array | None = None,
    mode: int = 0,
) -> None:
    """Y from M, or dX from dV, into images (N, H, W, channels); the first tile begins as far outside as `corner` says.

    mode and bias: see `simd.two_sided`; only Y has them.
    """
    _, H, Wd, channels = images.shape
    top, left = corner
    bounds = np.array((top, top + H, left, left + Wd), np.int64)
    zeroed = images.size // len(images) if kind == INPUT_GRADIENT else 0
    _over_images(
        *(two_sided(kind, plan.m, plan.r), tiles.reshape(-1), plan.entries_layout(channels)),
        *(images.reshape(-1), plan.pixels_layout(images.shape, top, left), plan.tiles, channels),
        *(NOTHING if bias is None else bias, mode, bounds, zeroed, jit.shards(images.size + tiles.size)),
    )


def transform_filters(kind: int, plan: Plan, x: Array, y: Array) -> None:
    """Write U from w, or dw from dU, to y; here, every pair of a channel in and a channel out counts as one channel."""
    channels = plan.C * plan.O
    x_row, y_row = (plan.r, plan.a) if kind == FILTER else (plan.a, plan.r)
    _over_channels(
        *(two_sided(kind, plan.m, plan.r), x.reshape(-1), x_row * channels, channels),
        *(y.reshape(-1), y_row * channels, channels, channels, jit.shards(x.size + y.size)),
    )


@jit.kernel
def _over_images(address, x, x_layout, y, y_layout, tiles, channels, bias, mode, bounds, zeroed, shards):
    """A two-sided product for each tile of each image; layouts and tiles are those of the plan.

    bounds: see `simd.two_sided`, for the first tile.   zeroed: the values of y in an image, where they must first be 0.
    """
    images, rows, columns, m = tiles[0], tiles[1], tiles[2], tiles[3]
    for shard in prange(shards):
        old = flush_denormals()
        first, last = jit.share(shard, shards, images)
        for n in range(first, last):
            y[n * zeroed : (n + 1) * zeroed] = 0
            for i in range(rows):
                for j in range(columns):
                    x_tile = x_layout[0] + n * x_layout[1] + i * x_layout[2] + j * x_layout[3]
                    y_tile = y_layout[0] + n * y_layout[1] + i * y_layout[2] + j * y_layout[3]
                    call_two_sided(
                        address,
                        x=x.ctypes.data + FLOATS * x_tile,
                        x_row=x_layout[4],
                        x_column=x_layout[5],
                        y=y.ctypes.data + y.itemsize * y_tile,
                        y_row=y_layout[4],
                        y_column=y_layout[5],
                        channels=channels,
                        bias=bias.ctypes.data,
                        mode=mode,
                        top=bounds[0] - i * m,
                        bottom=bounds[1] - i * m,
                        left=bounds[2] - j * m,
                        right=bounds[3] - j * m,
                    )
        restore_denormals(old)


@jit.kernel
def _over_channels(address, x, x_row, x_column, y, y_row, y_column, channels, shards):
    """One two-sided product, whose channels the threads share out in whole vectors."""
    for shard in prange(shards):
        first, last = jit.share(shard, shards, -(-channels // W))
        start, stop = first * W, min(channels, last * W)
        if stop > start:
            call_two_sided(
                address,
                x=x.ctypes.data + FLOATS * start,
                x_row=x_row,
                x_column=x_column,
                y=y.ctypes.data + FLOATS * start,
                y_row=y_row,
                y_column=y_column,
                channels=stop - start,
                bias=0,
                mode=0,
                top=0,
                bottom=EVERYTHING,
                left=0,
                right=EVERYTHING,
            )
