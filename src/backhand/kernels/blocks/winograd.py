"""Convolution of stride 1 in fewer multiplications: Winograd's minimal filtering, `cook_toom`.

The image is cut into overlapping tiles X of m + r - 1 rows and columns, and with the kernel g, channel by channel,

    V = Bᵀ X B      U = G g Gᵀ      M[t, o] = Σ_c V[t, c] U[c, o]  for each of the (m + r - 1)² entries      Y = Aᵀ M A

Each line is linear in what comes from the line before, so backward is its transposes, from the last to the first:

    dM = A dY Aᵀ            dU = Σ_t V dM           dV = Σ_o dM U           dg = Gᵀ dU G            dX = B dV Bᵀ

Entries come first in V, U and M, so that the sums over channels and tiles are matrix products.
All this is done for some images at a time, and backward makes V and U again, which is cheaper than to keep them.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numba import prange

from backhand.arrays import Array
from backhand.kernels import buffers, jit
from backhand.kernels.blocks.contraction import FLOATS, contract, stacked, steps
from backhand.kernels.blocks.frames import NOTHING, frame
from backhand.kernels.cook_toom import FILTER, FILTER_GRADIENT, INPUT, INPUT_GRADIENT, OUTPUT, UPSTREAM
from backhand.kernels.simd import (
    ACCUMULATE,
    BIAS,
    RELU,
    W,
    call_two_sided,
    flush_denormals,
    restore_denormals,
    two_sided,
)
from backhand.windows import Windows

EVERYTHING = 1 << 30  # a bound that nothing reaches
SIZES = 4, 3, 2  # rows and columns of places that a tile may have
FEWEST = {3: 32, 5: 16}  # channels in and out: with fewer the transformations outweigh what they save
VALUES = 2**20  # of V and M that are made at a time: they stay in the cache
TILES = 128  # or as many tiles, so that the sums over them outweigh adding them up


@jit.kernel
def _over_images(address, x, xs, y, ys, tiles, channels, bias, mode, bounds, clear, parts):
    """A two-sided product for each tile of each image.

    xs, ys: where the first tile is, and the strides of images, of rows and columns of tiles, of rows and columns of
    values.   tiles: images, rows, columns, m.   bounds: see `simd.two_sided`, for the first tile.   clear: how many
    values of y an image has, where they must first be 0.
    """
    images, rows, columns, m = tiles[0], tiles[1], tiles[2], tiles[3]
    for part_ in prange(parts):
        part = np.int64(part_)
        old = flush_denormals()
        for n in range(part * images // parts, (part + 1) * images // parts):
            y[n * clear : (n + 1) * clear] = 0
            for i in range(rows):
                for j in range(columns):
                    xa = x.ctypes.data + FLOATS * (xs[0] + n * xs[1] + i * xs[2] + j * xs[3])
                    ya = y.ctypes.data + FLOATS * (ys[0] + n * ys[1] + i * ys[2] + j * ys[3])
                    call_two_sided(
                        address,
                        x=xa,
                        x_row=xs[4],
                        x_column=xs[5],
                        y=ya,
                        y_row=ys[4],
                        y_column=ys[5],
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
def _over_channels(address, x, x_row, x_column, y, y_row, y_column, channels, parts):
    """One two-sided product, whose channels the threads share out."""
    for part_ in prange(parts):
        part = np.int64(part_)
        vectors = -(-channels // W)
        first, last = part * vectors // parts * W, min(channels, (part + 1) * vectors // parts * W)
        xa, ya = x.ctypes.data + FLOATS * first, y.ctypes.data + FLOATS * first
        if last > first:
            call_two_sided(
                address,
                x=xa,
                x_row=x_row,
                x_column=x_column,
                y=ya,
                y_row=y_row,
                y_column=y_column,
                channels=last - first,
                bias=0,
                mode=0,
                top=0,
                bottom=EVERYTHING,
                left=0,
                right=EVERYTHING,
            )


class Plan(NamedTuple):
    """The tiles of some images: m and r, how many images, rows and columns of tiles; C channels in and O out."""

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
        """Tiles."""
        return self.images * self.rows * self.columns

    @property
    def tiles(self) -> Array:
        """For `_over_images`."""
        return np.array((self.images, self.rows, self.columns, self.m), np.int64)

    def parts(self) -> Iterator[tuple[slice, "Plan"]]:
        """Some images at a time, and their plan: what is made of them stays in the cache."""
        image = self.a**2 * self.rows * self.columns
        count = max(VALUES // (image * (self.C + self.O)), -(-TILES // (self.rows * self.columns)), 1)
        pieces = -(-self.images // count)
        for i in range(pieces):
            start, stop = i * self.images // pieces, (i + 1) * self.images // pieces
            yield slice(start, stop), self._replace(images=stop - start)

    def entries(self, channels: int) -> Array:
        """Where tiles lie in V or M."""
        tile = channels
        strides = 0, self.rows * self.columns * tile, self.columns * tile, tile, self.a * self.T * tile, self.T * tile
        return np.array(strides, np.int64)

    def pixels(self, shape: tuple[int, ...], top: int = 0, left: int = 0) -> Array:
        """Where tiles lie in images (N, H, W, C), the first one so many rows and columns outside."""
        _, H, Wd, C = shape
        strides = -(top * Wd + left) * C, H * Wd * C, self.m * Wd * C, self.m * C, Wd * C, C
        return np.array(strides, np.int64)


class Cache(NamedTuple):
    """What backward needs: x with its padding, and y where ReLU followed."""

    x: Array
    w: Array
    plan: Plan
    windows: Windows
    has_bias: bool
    y: Array | None


def plan(x_shape: tuple[int, ...], w_shape: tuple[int, ...], windows: Windows, groups: int) -> Plan | None:
    """How to compute this convolution, or None where the plain contraction is as fast."""
    r, kw, C, O = w_shape
    if groups > 1 or r != kw or r not in FEWEST or windows.stride != (1, 1) or windows.dilation != (1, 1):
        return None
    if min(C, O) < FEWEST[r]:
        return None
    P, Q = windows.places
    m = min(SIZES, key=lambda m: (m + r - 1) ** 2 * -(-P // m) * -(-Q // m))
    return Plan(m, r, x_shape[0], -(-P // m), -(-Q // m), C, O)


def forward(x: Array, w: Array, b: Array | None, windows: Windows, how: Plan, relu: bool) -> tuple[Array, Cache]:
    """y (N, P, Q, O) of a convolution with stride 1."""
    (top, _), (left, _) = windows.padding
    bottom, right = (n * how.m + how.r - 1 for n in (how.rows, how.columns))
    framed = frame(x, ((top, bottom - top - x.shape[1]), (left, right - left - x.shape[2])))
    U = _filters(FILTER, how, w, buffers.empty((how.a**2, how.C, how.O)))
    y = buffers.empty((len(x), *windows.places, how.O))
    bounds = 0, windows.places[0], 0, windows.places[1]
    mode = (0 if b is None else BIAS) | (RELU if relu else 0)
    for part, some in how.parts():
        V = _tiles(INPUT, some, framed[part], some.C)
        M = buffers.empty((some.a**2, some.T, some.O))
        contract(
            *(V, steps(some.T, some.C), steps(some.C, 1), U, steps(some.C, some.O), 1),
            *(M, steps(some.T, some.O), some.O),
            batch=stacked(some.a**2, some.T * some.C, some.C * some.O, some.T * some.O),
        )
        _over(OUTPUT, some, M, some.entries(some.O), y[part], some.pixels(y.shape), some.O, bounds, mode, b)
    return y, Cache(framed, w, how, windows, b is not None, y if relu else None)


def backward(dy: Array, cache: Cache, need_dx: bool, dw: Array, db: Array | None = None) -> Array | None:
    """dx, and the parameters' gradients into their arrays."""
    x, w, how, windows, _, y = cache
    margins = (0, how.rows * how.m - dy.shape[1]), (0, how.columns * how.m - dy.shape[2])
    shape = how.a**2, how.C, how.O
    dU, sums = buffers.empty(shape), np.zeros(how.O)
    U = _filters(FILTER, how, w, buffers.empty(shape)) if need_dx else None
    dx = buffers.empty((len(dy), *windows.size, how.C)) if need_dx else None
    for part, some in how.parts():
        dz = frame(dy[part], margins, None if y is None else y[part], db)
        sums += 0 if db is None else db
        V, dM = _tiles(INPUT, some, x[part], some.C), _tiles(UPSTREAM, some, dz, some.O)
        _add_products(some, V, dM, dU, ACCUMULATE if part.start else 0)
        if dx is not None and U is not None:
            _input_gradient(some, dM, U, windows, dx[part])
    _filters(FILTER_GRADIENT, how, dU, dw)
    if db is not None:
        db[...] = sums
    return dx


def _add_products(how: Plan, V: Array, dM: Array, dU: Array, mode: int) -> None:
    """dU, or with ACCUMULATE added to it."""
    contract(
        *(V, steps(how.C, 1), steps(how.T, how.C), dM, steps(how.T, how.O), 1, dU, steps(how.C, how.O), how.O),
        mode=mode,
        batch=stacked(how.a**2, how.T * how.C, how.T * how.O, how.C * how.O),
    )


def _input_gradient(how: Plan, dM: Array, U: Array, windows: Windows, dx: Array) -> None:
    dV = buffers.empty((how.a**2, how.T, how.C))
    contract(
        *(dM, steps(how.T, how.O), steps(how.O, 1), U, steps(how.O, 1), how.O, dV, steps(how.T, how.C), how.C),
        batch=stacked(how.a**2, how.T * how.O, how.C * how.O, how.T * how.C),
    )
    (top, _), (left, _) = windows.padding
    bounds = top, top + windows.size[0], left, left + windows.size[1]
    pixels = how.pixels(dx.shape, top, left)
    _over(INPUT_GRADIENT, how, dV, how.entries(how.C), dx, pixels, how.C, bounds)


def _tiles(kind: int, how: Plan, x: Array, channels: int) -> Array:
    """V from x, or dM from dz."""
    to = buffers.empty((how.a**2, how.T, channels))
    return _over(kind, how, x, how.pixels(x.shape), to, how.entries(channels), channels)


def _over(
    kind: int,
    how: Plan,
    x: Array,
    xs: Array,
    y: Array,
    ys: Array,
    channels: int,
    bounds: tuple[int, int, int, int] = (0, EVERYTHING, 0, EVERYTHING),
    mode: int = 0,
    bias: Array | None = None,
) -> Array:
    clear = y.size // len(y) if kind == INPUT_GRADIENT else 0
    _over_images(
        *(two_sided(kind, how.m, how.r), x.reshape(-1), xs, y.reshape(-1), ys, how.tiles, channels),
        *(NOTHING if bias is None else bias, mode, np.array(bounds, np.int64), clear, jit.threads()),
    )
    return y


def _filters(kind: int, how: Plan, x: Array, y: Array) -> Array:
    """U from w, or dw from dU; all pairs of channels are channels here."""
    channels = how.C * how.O
    x_row, y_row = (how.r, how.a) if kind == FILTER else (how.a, how.r)
    _over_channels(
        *(two_sided(kind, how.m, how.r), x.reshape(-1), x_row * channels, channels),
        *(y.reshape(-1), y_row * channels, channels, channels, jit.threads()),
    )
    return y
