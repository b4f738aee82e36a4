"""Affine map: see `ops.linear`. Its three products are contractions."""

from typing import NamedTuple

from backhand.arrays import Array
from backhand.kernels import buffers
from backhand.kernels.cpu.contract import contract, stacked, steps
from backhand.kernels.cpu.frame import frame
from backhand.kernels.simd import RELU

Grads = tuple[Array, ...] | None  # arrays that the gradients of the parameters are written to


class Cache(NamedTuple):
    """What backward needs; y where ReLU followed."""

    x: Array
    w: Array
    y: Array | None


def forward(x: Array, w: Array, b: Array, *, relu: bool = False) -> tuple[Array, Cache]:
    """As the reference; with `relu`, max(y, 0)."""
    (N, I), O = x.shape[-2:], w.shape[-1]
    y = buffers.empty((*w.shape[:-2], N, O))
    _products(x, steps(N, I), steps(I, 1), w, steps(I, O), 1, y, steps(N, O), O, b, RELU if relu else 0)
    return y, Cache(x, w, y if relu else None)


def backward(
    dy: Array, cache: Cache, *, need_dx: bool = True, grads: Grads = None
) -> tuple[Array | None, Array, Array]:
    """As the reference; dw and db are written to `grads`, where given."""
    x, w, y = cache
    (N, I), O = x.shape[-2:], w.shape[-1]
    dw, db = grads or (buffers.empty(w.shape), buffers.empty((*w.shape[:-2], O)))
    dz = frame(dy.reshape(-1, 1, 1, O), y=y, sums=db).reshape(dy.shape)
    _products(x, steps(I, 1), steps(N, I), dz, steps(N, O), 1, dw, steps(I, O), O)
    if not need_dx:
        return None, dw, db
    dx = buffers.empty((*w.shape[:-2], N, I))
    _products(dz, steps(N, O), steps(O, 1), w, steps(O, 1), O, dx, steps(N, I), I)
    return dx, dw, db


def _products(
    x: Array,
    rows: Array,
    taps: Array,
    w: Array,
    wrows: Array,
    wstep: int,
    y: Array,
    out: Array,
    N: int,
    bias: Array | None = None,
    mode: int = 0,
) -> None:
    """The contraction; that of each entry, where arrays have an axis more in front."""
    apart = [each.strides[0] // each.itemsize if each.ndim == 3 else 0 for each in (x, w, y)]
    batch = stacked(len(y) if y.ndim == 3 else 1, *apart)
    x, w, y = (each[0] if each.ndim == 3 else each for each in (x, w, y))
    contract(x, rows, taps, w, wrows, wstep, y, out, N, bias, mode, batch)
