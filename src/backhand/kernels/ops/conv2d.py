"""Convolution, see `ops.conv2d`: its three products are contractions, and no copy of the windows is made.

    y  = x w        rows of x: the places of the window     columns: its entries
    dw = xᵀ dy      rows of x: the entries                  columns: the places
    dx = dy wᵀ      rows of dy: the pixels of x             columns: (i, j, o), with w turned around

dx reads dy with zeros around it. With a stride of s, pixels fall into s · s classes that meet different entries of the
window: each class is a contraction of its own. Source of the tables: Dukhan 2019, arXiv:1907.02129.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from backhand.arrays import Array, Shape
from backhand.kernels import buffers
from backhand.kernels.blocks import winograd
from backhand.kernels.blocks.contraction import Left, Result, Right, contract
from backhand.kernels.blocks.frames import NO_MARGINS, frame
from backhand.kernels.blocks.tables import count, steps, table
from backhand.kernels.blocks.winograd_plan import choose_plan
from backhand.kernels.kernel import Grads, Kernel
from backhand.kernels.simd import RELU, W
from backhand.ops import conv2d as reference
from backhand.windows import Padding, Pair, Size, Windows


class Cache(NamedTuple):
    """What backward needs: x with its padding, and y where ReLU followed."""

    x: Array
    w: Array
    windows: Windows
    groups: int
    has_bias: bool
    y: Array | None


FEWEST = W // 2  # output channels of a group: with fewer, as in depth-wise convolutions, vectors are all but empty
AnyCache = Cache | winograd.Cache | reference.Cache  # whichever of the three ways computed it


def forward(
    x: Array,
    w: Array,
    b: Array | None = None,
    *,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: int = 1,
    relu: bool = False,
) -> tuple[Array, AnyCache]:
    """Compute what `ops.conv2d.forward` does; with `relu`, max(y, 0)."""
    if not relu and w.shape[3] // groups < FEWEST:
        return reference.forward(x, w, b, stride=stride, padding=padding, dilation=dilation, groups=groups)
    reference.check(x, w, b, groups)
    windows = Windows.over(x.shape[1:3], w.shape[:2], stride, padding, dilation)
    plan = choose_plan(x.shape, w.shape, windows, groups)
    if plan:
        return winograd.forward(x, w, b, windows, plan, relu)
    padded = frame(x, windows.padding)
    y = buffers.empty((len(x), *windows.places, w.shape[3]))
    convolve(padded, w, b, windows, groups, y, RELU if relu else 0)
    return y, Cache(padded, w, windows, groups, b is not None, y if relu else None)


def convolve(x: Array, w: Array, b: Array | None, windows: Windows, groups: int, y: Array, mode: int = 0) -> None:
    """Write the convolution of padded x to y (N, P, Q, O); mode: see `contract`."""
    c, O = w.shape[2], w.shape[3] // groups
    places, entries = tables(x.shape, windows, c)
    for g in range(groups):
        contract(
            Left(_from(x, g * c), places, entries),
            Right(_from(w, g * O), steps(count(entries), w.shape[3])),
            Result(_from(y, g * O), steps(count(places), w.shape[3]), O),
            bias=None if b is None else b[g * O : (g + 1) * O],
            mode=mode,
        )


def backward(dy: Array, cache: AnyCache, *, need_dx: bool = True, grads: Grads = None) -> tuple[Array | None, ...]:
    """Compute what `ops.conv2d.backward` does; the parameters' gradients are written to `grads`, where given."""
    if isinstance(cache, reference.Cache):
        return reference.backward(dy, cache, need_dx=need_dx)
    O = cache.w.shape[3]
    dw, *db = grads or [buffers.empty(cache.w.shape), *[buffers.empty((O,))] * cache.has_bias]
    if isinstance(cache, winograd.Cache):
        return winograd.backward(dy, cache, need_dx, dw, *db), dw, *db
    margins = dx_margins(cache.windows) if need_dx else NO_MARGINS
    dz = frame(dy, margins, cache.y, *db)
    weight_gradient(dz, dy.shape, cache, margins, dw)
    return input_gradient(dz, cache) if need_dx else None, dw, *db


def weight_gradient(dz: Array, shape: Shape, cache: Cache, margins: tuple[Pair, Pair], dw: Array) -> None:
    """Write the gradient of the weights to dw, from a dz of this shape with margins around it."""
    c, O = dw.shape[2], dw.shape[3] // cache.groups
    places, entries = tables(cache.x.shape, cache.windows, c)
    inside = interior(dz.shape, shape, margins)
    for g in range(cache.groups):
        contract(
            Left(_from(cache.x, g * c), entries, places),
            Right(_from(dz, g * O), inside),
            Result(_from(dw, g * O), steps(count(entries), dw.shape[3]), O),
        )


def input_gradient(dz: Array, cache: Cache) -> Array:
    """dx, from a dz with the margins that `dx_margins` asks for."""
    w, groups, c = cache.w, cache.groups, cache.w.shape[2]
    dx = buffers.empty((len(dz), *cache.windows.size, c * groups))
    classes = dx_classes(dz.shape, dx.shape, w.shape, cache.windows)
    if not all(count(pixels.taps) for pixels in classes):
        dx[...] = 0  # some pixels meet no entry of any window
    for pixels in (pixels for pixels in classes if count(pixels.taps)):
        for g in range(groups):
            O = w.shape[3] // groups
            contract(
                Left(_from(dz, g * O), pixels.rows, pixels.taps),
                Right(_from(w, g * O), pixels.weights, w.shape[3]),
                Result(_from(dx, g * c), pixels.pixels, c),
            )
    return dx


def _from(array: Array, start: int) -> Array:
    """The values of an array from `start` on, flat: they begin with those of a group of channels."""
    return array.reshape(-1)[start:] if start else array


def _grid(*axes: tuple[int, int]) -> Array:
    """All sums of i step over axes (size, step), the last axis fastest."""
    total = np.zeros(1, np.int64)
    for size, step in axes:
        total = (total[:, None] + np.arange(size, dtype=np.int64) * step).ravel()
    return total


@lru_cache(maxsize=512)
def tables(shape: Shape, windows: Windows, c: int) -> tuple[Array, Array]:
    """Two tables: where windows stand in padded images (N, H, W, C), and where the entries lie within a window."""
    N, H, Wd, C = shape
    (sh, sw), (dh, dw), (kh, kw), (P, Q) = windows.stride, windows.dilation, windows.window, windows.places
    places = _grid((N, H * Wd * C), (P, sh * Wd * C), (Q, sw * C))
    return table(places), table(_grid((kh, dh * Wd * C), (kw, dw * C), (c, 1)))


@lru_cache(maxsize=512)
def interior(shape: Shape, inner: Shape, margins: tuple[Pair, Pair]) -> Array:
    """The table of where the pixels of images (N, P, Q, O) lie in the framed images (N, H', W', O) around them."""
    (top, _), (left, _) = margins
    _, H, Wd, O = shape
    N, P, Q, _ = inner
    return table(_grid((N, H * Wd * O), (P, Wd * O), (Q, O)) + (top * Wd + left) * O)


@lru_cache(maxsize=512)
def dx_margins(windows: Windows) -> tuple[Pair, Pair]:
    """How many rows and columns of zeros dx reads around dy: ((top, bottom), (left, right))."""
    margins = []
    for axis in (0, 1):
        s, d, k = windows.stride[axis], windows.dilation[axis], windows.window[axis]
        furthest = (windows.padding[axis][0] + windows.size[axis] - 1) // s
        margins.append((d * (k - 1) // s, max(0, furthest + 1 - windows.places[axis])))
    return margins[0], margins[1]


class _PixelClass(NamedTuple):
    """Tables of the contraction for one class of the pixels of x.

    rows: where in dz the pixels' windows stand.   taps: how far from there (i, j, o) lie.   weights: where those are
    in w.   pixels: where in dx the results go.
    """

    rows: Array
    taps: Array
    weights: Array
    pixels: Array


@lru_cache(maxsize=512)
def dx_classes(dz: Shape, dx: Shape, w: Shape, windows: Windows) -> tuple[_PixelClass, ...]:
    """The classes of pixels u with equal (u + t) mod s along both axes, t being the padding in front.

    dz, dx, w: the shapes of the arrays.
    """
    return tuple(
        _pixel_class(_along(0, a, windows), _along(1, b, windows), dz, dx, w)
        for a in range(windows.stride[0])
        for b in range(windows.stride[1])
    )


class _Along(NamedTuple):
    """A class of pixels along one axis.

    pixels: u of each.   places: where each is in the framed dy.   entries: which entries i of the window they meet.
    before: how far before its place each of these meets a pixel.
    """

    pixels: Array
    places: Array
    entries: Array
    before: Array


def _along(axis: int, a: int, windows: Windows) -> _Along:
    """The class of the pixels u with (u + t) mod s = a."""
    s, d, t = windows.stride[axis], windows.dilation[axis], windows.padding[axis][0]
    u = np.arange((a - t) % s, windows.size[axis], s)
    i = np.arange(windows.window[axis])
    i = i[(d * i - a) % s == 0]
    return _Along(u, (u + t - a) // s + dx_margins(windows)[axis][0], i, (d * i - a) // s)


def _pixel_class(y: _Along, x: _Along, dz: Shape, dx: Shape, w: Shape) -> _PixelClass:
    """The tables of a class, from what it is along each axis, and from the shapes of the arrays."""
    N, H, Wd, O = dz
    _, Hx, Wx, C = dx
    _, kw, c, _ = w
    o = O // (C // c)  # of one group
    images = np.arange(N, dtype=np.int64)[:, None, None]
    rows = ((images * H + y.places[:, None]) * Wd + x.places) * O
    pixels = ((images * Hx + y.pixels[:, None]) * Wx + x.pixels) * C
    taps = -(y.before[:, None, None] * Wd + x.before[:, None]) * O + np.arange(o)
    weights = (y.entries[:, None, None] * kw + x.entries[:, None]) * c * O + np.arange(o)
    return _PixelClass(*map(table, (rows, taps, weights, pixels)))


KERNEL = Kernel(forward, backward, writes_grads=True)
