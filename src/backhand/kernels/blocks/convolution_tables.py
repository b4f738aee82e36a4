"""The tables by which convolutions are contractions: where their windows, entries and pixels lie.

    y  = x w        rows of x: the places of the window     columns: its entries
    dw = xᵀ dy      rows of x: the entries                  columns: the places
    dx = dy wᵀ      rows of dy: the pixels of x             columns: (i, j, o), with w turned around

dx reads dy with zeros around it. With a stride of s, pixels fall into s · s classes that meet different entries of the
window: each class is a contraction of its own. In bfloat16 the columns are pairs, see `tables.in_pairs`.
Source: Dukhan 2019, arXiv:1907.02129.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from backhand.arrays import Array, Shape
from backhand.kernels.blocks.tables import count, in_pairs, in_words, steps, table
from backhand.windows import Pair, Windows


def _grid(*axes: tuple[int, int]) -> Array:
    """All sums of i step over axes (size, step), the last axis fastest."""
    total = np.zeros(1, np.int64)
    for size, step in axes:
        total = (total[:, None] + np.arange(size, dtype=np.int64) * step).ravel()
    return total


class Tables(NamedTuple):
    """Tables of a contraction.

    rows: where those of the left operand stand.   columns: how far from there its columns lie.   weights: where the
    rows of the right operand are.
    """

    rows: Array
    columns: Array
    weights: Array


@lru_cache(maxsize=512)
def forward_tables(shape: Shape, w: Shape, windows: Windows, pairs: bool) -> Tables:
    """Those of y, from padded images (N, H, W, C) and weights w (kh, kw, c, O)."""
    places, entries = _places(shape, windows), _entries(shape, windows, w[2])
    weights = steps(count(entries), w[3])
    return Tables(places, *(in_pairs(entries, weights, 1) if pairs else (entries, weights)))


@lru_cache(maxsize=512)
def dw_tables(shape: Shape, c: int, windows: Windows, dz: Shape, margins: tuple[Pair, Pair], pairs: bool) -> Tables:
    """Those of dw, from padded images of this shape and from a dz of this one, with margins around it."""
    entries, places = _entries(shape, windows, c), _places(shape, windows)
    inside = _interior(dz, (shape[0], *windows.places, dz[3]), margins)
    if not pairs:
        return Tables(entries, places, inside)
    places, inside = in_pairs(places, inside, windows.stride[1] * shape[3])
    return Tables(in_words(entries), in_words(places), inside)


def _places(shape: Shape, windows: Windows) -> Array:
    """Where windows stand in padded images (N, H, W, C)."""
    N, H, Wd, C = shape
    (sh, sw), (P, Q) = windows.stride, windows.places
    return table(_grid((N, H * Wd * C), (P, sh * Wd * C), (Q, sw * C)))


def _entries(shape: Shape, windows: Windows, c: int) -> Array:
    """Where the entries of c channels lie within a window of such images."""
    _, _, Wd, C = shape
    (dh, dw), (kh, kw) = windows.dilation, windows.window
    return table(_grid((kh, dh * Wd * C), (kw, dw * C), (c, 1)))


def _interior(shape: Shape, inner: Shape, margins: tuple[Pair, Pair]) -> Array:
    """Where the pixels of images (N, P, Q, O) lie in the framed images (N, H', W', O) around them."""
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


class PixelClass(NamedTuple):
    """The contraction for one class of the pixels of x.

    tables: of rows (i, j, o), from where in dz the pixels' windows stand.   pixels: where in dx the results go.
    """

    tables: Tables
    pixels: Array


@lru_cache(maxsize=512)
def dx_classes(dz: Shape, dx: Shape, w: Shape, windows: Windows, pairs: bool) -> tuple[PixelClass, ...]:
    """The classes of pixels u with equal (u + t) mod s along both axes, t being the padding in front.

    dz, dx, w: the shapes of the arrays.
    """
    return tuple(
        _pixel_class(_along(0, a, windows), _along(1, b, windows), (dz, dx, w), pairs)
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


def _pixel_class(y: _Along, x: _Along, shapes: tuple[Shape, ...], pairs: bool) -> PixelClass:
    """The tables of a class, from what it is along each axis, and from the shapes of dz, dx and w."""
    (N, H, Wd, O), (_, Hx, Wx, C), (_, kw, c, _) = shapes
    o = O // (C // c)  # of one group
    images = np.arange(N, dtype=np.int64)[:, None, None]
    rows = ((images * H + y.places[:, None]) * Wd + x.places) * O
    pixels = ((images * Hx + y.pixels[:, None]) * Wx + x.pixels) * C
    taps = -(y.before[:, None, None] * Wd + x.before[:, None]) * O + np.arange(o)
    weights = (y.entries[:, None, None] * kw + x.entries[:, None]) * c * O + np.arange(o)
    columns, turned = table(taps), table(weights)
    if pairs:
        columns, turned = in_pairs(columns, turned, 1)
    return PixelClass(Tables(table(rows), columns, turned), table(pixels))
