"""Convolution, see `ops.conv2d`: its three products are contractions, and no copy of the windows is made.

    y  = x w            dw = xᵀ dy          dx = dy wᵀ, with w turned around

`convolution_tables` says which rows and columns these have. In bfloat16, x and dz are rounded as they are framed.
"""

from typing import Any, NamedTuple

from backhand.arrays import Array
from backhand.kernels import buffers
from backhand.kernels.blocks import winograd
from backhand.kernels.blocks.bfloat16 import is_rounded, paired, rounded
from backhand.kernels.blocks.contraction import Left, Result, Right, contract
from backhand.kernels.blocks.convolution_tables import dw_tables, dx_classes, dx_margins, forward_tables
from backhand.kernels.blocks.frames import NO_MARGINS, frame
from backhand.kernels.blocks.tables import count, steps
from backhand.kernels.blocks.winograd_plan import choose_plan
from backhand.kernels.kernel import Grads, Kernel
from backhand.kernels.simd import RELU, W
from backhand.ops import conv2d as reference
from backhand.precision import BFLOAT16, FLOAT32
from backhand.windows import Padding, Pair, Size, Windows


class Cache(NamedTuple):
    """What backward needs: x with its padding, in bfloat16 where products are; y where ReLU followed."""

    x: Array
    w: Array
    windows: Windows
    groups: int
    has_bias: bool
    y: Array | None
    precision: str


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
    precision: str = FLOAT32,
) -> tuple[Array, AnyCache]:
    """Compute what `ops.conv2d.forward` does; with `relu`, max(y, 0)."""
    if not relu and w.shape[3] // groups < FEWEST:
        sizes: dict[str, Any] = {"stride": stride, "padding": padding, "dilation": dilation}
        return reference.forward(x, w, b, **sizes, groups=groups, precision=precision)
    reference.check(x, w, b, groups)
    windows = Windows.over(x.shape[1:3], w.shape[:2], stride, padding, dilation)
    precision = reference.precision_of(w, precision)
    plan = choose_plan(x.shape, w.shape, windows, groups, precision)
    if plan:
        return winograd.forward(x, w, b, windows, plan, relu, precision)
    padded = framed(x, windows.padding, precision)
    y = buffers.empty((len(x), *windows.places, w.shape[3]))
    convolve(padded, w, b, windows, groups, y, RELU if relu else 0)
    return y, Cache(padded, w, windows, groups, b is not None, y if relu else None, precision)


def framed(x: Array, margins: tuple[Pair, Pair], precision: str) -> Array:
    """x with zeros around it, in this precision."""
    return rounded(x, margins) if precision == BFLOAT16 else frame(x, margins)


def convolve(x: Array, w: Array, b: Array | None, windows: Windows, groups: int, y: Array, mode: int = 0) -> None:
    """Write the convolution of padded x to y (N, P, Q, O); mode: see `contract`."""
    c, O = w.shape[2], w.shape[3] // groups
    places, entries, weights = forward_tables(x.shape, w.shape, windows, is_rounded(x))
    for g in range(groups):
        contract(
            Left(_from(x, g * c), places, entries),
            Right(_from(w, g * O), weights),
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
    _weight_gradient(dz, cache, margins, dw)
    return input_gradient(dz, cache) if need_dx else None, dw, *db


def _weight_gradient(dz: Array, cache: Cache, margins: tuple[Pair, Pair], dw: Array) -> None:
    """Write the gradient of the weights to dw, from a dz with margins around it."""
    x, windows, (_, _, c, O) = cache.x, cache.windows, dw.shape
    pairs = cache.precision == BFLOAT16
    entries, places, inside = dw_tables(x.shape, c, windows, dz.shape, margins, pairs)
    if pairs:  # neighbouring places side by side
        x = paired(x if is_rounded(x) else rounded(x), windows.stride[1] * x.shape[3])
    O //= cache.groups
    for g in range(cache.groups):
        contract(
            Left(_from(x, g * c), entries, places),
            Right(_from(dz, g * O), inside),
            Result(_from(dw, g * O), steps(count(entries), dw.shape[3]), O),
        )


def input_gradient(dz: Array, cache: Cache) -> Array:
    """dx, from a dz with the margins that `dx_margins` asks for."""
    w, groups, c, O = cache.w, cache.groups, cache.w.shape[2], cache.w.shape[3] // cache.groups
    dx = buffers.empty((len(dz), *cache.windows.size, c * groups))
    if cache.precision == BFLOAT16:
        dz = rounded(dz)
    classes = dx_classes(dz.shape, dx.shape, w.shape, cache.windows, is_rounded(dz))
    if not all(count(tables.columns) for tables, _ in classes):
        dx[...] = 0  # some pixels meet no entry of any window
    for tables, pixels in classes:
        for g in range(groups if count(tables.columns) else 0):
            contract(
                Left(_from(dz, g * O), tables.rows, tables.columns),
                Right(_from(w, g * O), tables.weights, w.shape[3]),
                Result(_from(dx, g * c), pixels, c),
            )
    return dx


def _from(array: Array, start: int) -> Array:
    """The values of an array from channel `start` on, flat: they begin with those of a group."""
    if not start:
        return array
    return array.reshape(-1)[start * (2 if array.ndim == 5 else 1) :]  # 2: see `bfloat16.paired`


KERNEL = Kernel(forward, backward, writes_grads=True)
