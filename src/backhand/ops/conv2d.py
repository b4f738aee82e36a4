"""Convolution of images, as correlation: the kernel is not flipped.

    y[n, p, q, o]  = b[o] + Σ_ijc x[n, s p + d i - t, s q + d j - l, c] w[i, j, c, o]       x is 0 outside the image

    dw[i, j, c, o] = Σ_npq x[n, s p + d i - t, s q + d j - l, c] dy[n, p, q, o]           db[o] = Σ_npq dy[n, p, q, o]
    dx[n, u, v, c] = Σ dy[n, p, q, o] w[i, j, c, o]     over i, j, o and the p, q that saw it: s p + d i - t = u, ...

s is the stride, d the dilation, t and l the padding on top and at the left. Each of `groups` groups of output channels
sees its own group of input channels only: w is (kh, kw, C / groups, O), and depth-wise where groups = C.
With the precision "bfloat16", x, w and dy are rounded before they are multiplied; b, db and all sums are not, and
nothing is where a window sees few channels, as in the first layer of a network: there it would save no time.
Source: LeCun et al. 1989, Neural Computation 1. Derivation: docs/derivations/conv2d.md
"""

from typing import NamedTuple

from backhand.arrays import Array, channel_sums
from backhand.arrays.bfloat16 import rounded
from backhand.precision import BFLOAT16, FLOAT32
from backhand.windows import Padding, Size, Windows

FEWEST_ROUNDED = 8  # channels that a window sees


class Cache(NamedTuple):
    """What the backward pass needs of the forward pass."""

    x: Array
    w: Array
    windows: Windows
    groups: int
    has_bias: bool
    precision: str


def forward(
    x: Array,
    w: Array,
    b: Array | None = None,
    *,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: int = 1,
    precision: str = FLOAT32,
) -> tuple[Array, Cache]:
    """x (N, H, W, C), w (kh, kw, C / groups, O), b (O,) or None -> y (N, H', W', O).

    H' = (H + top + bottom - dilation (kh - 1) - 1) // stride + 1 with the padding at the top and at the bottom, and
    W' likewise.

    stride, dilation: in pixels; one number, or (rows, columns).
    padding: "same", "valid", a number, (rows, columns), or ((top, bottom), (left, right)); see `backhand.windows`.
    precision: of the products, here and in `backward`.
    Raises ValueError where these do not fit the image, or the channels do not fit the weights, the bias or the groups.
    """
    check(x, w, b, groups)
    precision = precision_of(w, precision)
    if precision == BFLOAT16:
        x, w = rounded(x), rounded(w)
    windows = Windows.over(x.shape[1:3], w.shape[:2], stride, padding, dilation)
    y = _joined(_patches(x, windows, groups) @ _split(w, groups)).reshape(len(x), *windows.places, w.shape[3])
    if b is not None:
        y += b
    return y, Cache(x, w, windows, groups, b is not None, precision)


def backward(dy: Array, cache: Cache, *, need_dx: bool = True) -> tuple[Array | None, ...]:
    """dy (N, H', W', O) -> dx (N, H, W, C), dw, and db where there was a b.

    dx is None when the caller has no use for it (the first layer).
    """
    x, w, windows, groups, has_bias, precision = cache
    upstream = _split(rounded(dy) if precision == BFLOAT16 else dy, groups)
    dw = _joined(_patches(x, windows, groups).swapaxes(1, 2) @ upstream).reshape(w.shape)
    db = (channel_sums(dy),) if has_bias else ()
    if not need_dx:
        return None, dw, *db
    padded = windows.canvas(x.shape, dy)
    for (i, j), met in windows.entries():
        back = _joined(upstream @ _split(w[i, j], groups).swapaxes(1, 2))
        padded[met] += back.reshape(padded[met].shape)
    return windows.inside(padded), dw, *db


def precision_of(w: Array, precision: str) -> str:
    """The precision of products with these weights, where this one is asked for."""
    return precision if w.shape[2] >= FEWEST_ROUNDED else FLOAT32


def check(x: Array, w: Array, b: Array | None, groups: int) -> None:
    """Raises ValueError where channels do not fit the weights, the bias or the groups."""
    _, _, c, O = w.shape
    if x.shape[3] != groups * c or O % groups:
        raise ValueError(f"{x.shape[3]} channels do not fit weights of shape {w.shape} with groups = {groups}")
    if b is not None and b.shape != (O,):
        raise ValueError(f"a bias of shape {b.shape} does not fit {O} output channels")


def _patches(x: Array, windows: Windows, groups: int) -> Array:
    """What the kernel sees at each of the M = N H' W' places: (groups, M, kh kw C / groups)."""
    seen = windows.patches(windows.pad(x))
    seen = seen.reshape(*seen.shape[:5], groups, -1)
    return seen.transpose(5, 0, 1, 2, 3, 4, 6).reshape(groups, len(x) * windows.places[0] * windows.places[1], -1)


def _split(array: Array, groups: int) -> Array:
    """(..., O) -> (groups, rows, O / groups): the channels of each group on their own."""
    return array.reshape(-1, groups, array.shape[-1] // groups).swapaxes(0, 1)


def _joined(parts: Array) -> Array:
    """The inverse of `_split`: (groups, rows, O / groups) -> (rows, O)."""
    return parts.swapaxes(0, 1).reshape(parts.shape[1], -1)
