"""Affine map: see `ops.linear`. Its three products are contractions."""

from typing import NamedTuple

from backhand.arrays import Array
from backhand.kernels import buffers
from backhand.kernels.cpu.contract import contract, steps
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
    (N, I), O = x.shape, w.shape[1]
    y = buffers.empty((N, O))
    contract(x, steps(N, I), steps(I, 1), w, steps(I, O), 1, y, steps(N, O), O, b, RELU if relu else 0)
    return y, Cache(x, w, y if relu else None)


def backward(
    dy: Array, cache: Cache, *, need_dx: bool = True, grads: Grads = None
) -> tuple[Array | None, Array, Array]:
    """As the reference; dw and db are written to `grads`, where given."""
    x, w, y = cache
    (N, I), O = x.shape, w.shape[1]
    dw, db = grads or (buffers.empty((I, O)), buffers.empty((O,)))
    dz = frame(dy.reshape(N, 1, 1, O), y=y, sums=db)
    contract(x, steps(I, 1), steps(N, I), dz, steps(N, O), 1, dw, steps(I, O), O)
    if not need_dx:
        return None, dw, db
    dx = buffers.empty((N, I))
    contract(dz, steps(N, O), steps(O, 1), w, steps(O, 1), O, dx, steps(N, I), I)
    return dx, dw, db
