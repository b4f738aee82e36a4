"""Affine map: see `ops.linear`. Its three products are contractions."""

from typing import NamedTuple

from backhand.arrays import Array
from backhand.kernels import buffers
from backhand.kernels.blocks.contraction import contract, stacked, steps
from backhand.kernels.blocks.frames import frame
from backhand.kernels.kernel import Grads, Kernel
from backhand.kernels.simd import RELU


class Cache(NamedTuple):
    """What backward needs; y where ReLU followed."""

    x: Array
    w: Array
    y: Array | None


def forward(x: Array, w: Array, b: Array, *, relu: bool = False) -> tuple[Array, Cache]:
    """As the reference; with `relu`, max(y, 0)."""
    (N, I), O = x.shape[-2:], w.shape[-1]
    y = buffers.empty((*w.shape[:-2], N, O))
    x_0, w_0, y_0, batch = _several(x, w, y)
    mode = RELU if relu else 0
    contract(x_0, steps(N, I), steps(I, 1), w_0, steps(I, O), 1, y_0, steps(N, O), O, b, mode, batch)
    return y, Cache(x, w, y if relu else None)


def backward(
    dy: Array, cache: Cache, *, need_dx: bool = True, grads: Grads = None
) -> tuple[Array | None, Array, Array]:
    """As the reference; dw and db are written to `grads`, where given."""
    x, w, y = cache
    (N, I), O = x.shape[-2:], w.shape[-1]
    dw, db = grads or (buffers.empty(w.shape), buffers.empty((*w.shape[:-2], O)))
    dz = frame(dy.reshape(-1, 1, 1, O), y=y, sums=db).reshape(dy.shape)
    x_0, dz_0, dw_0, batch = _several(x, dz, dw)
    contract(x_0, steps(I, 1), steps(N, I), dz_0, steps(N, O), 1, dw_0, steps(I, O), O, batch=batch)
    if not need_dx:
        return None, dw, db
    dx = buffers.empty((*w.shape[:-2], N, I))
    dz_0, w_0, dx_0, batch = _several(dz, w, dx)
    contract(dz_0, steps(N, O), steps(O, 1), w_0, steps(O, 1), O, dx_0, steps(N, I), I, batch=batch)
    return dx, dw, db


def _several(x: Array, w: Array, y: Array) -> tuple[Array, Array, Array, Array]:
    """The first matrix of each array that has an axis more in front, another as it is; and the `batch` of them all."""
    apart = (each.strides[0] // each.itemsize if each.ndim == 3 else 0 for each in (x, w, y))
    batch = stacked(len(y) if y.ndim == 3 else 1, *apart)
    x, w, y = (each[0] if each.ndim == 3 else each for each in (x, w, y))
    return x, w, y, batch


KERNEL = Kernel(forward, backward, writes_grads=True)
