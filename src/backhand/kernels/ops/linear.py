"""The affine map, see `ops.linear`: its three products are contractions.

y = x w + b         dw = xᵀ dz          dx = dz wᵀ          db = sum dz         dz: dy, or dy where y > 0 with ReLU
"""

from typing import NamedTuple

from backhand.arrays import Array
from backhand.kernels import buffers
from backhand.kernels.blocks.frames import frame
from backhand.kernels.blocks.matrix_product import multiply
from backhand.kernels.kernel import Grads, Kernel
from backhand.kernels.simd import RELU


class Cache(NamedTuple):
    """What backward needs; y where ReLU followed."""

    x: Array
    w: Array
    y: Array | None


def forward(x: Array, w: Array, b: Array, *, relu: bool = False) -> tuple[Array, Cache]:
    """Compute what `ops.linear.forward` does; with `relu`, max(y, 0)."""
    y = buffers.empty((*w.shape[:-2], x.shape[-2], w.shape[-1]))
    multiply(x, w, y, bias=b, mode=RELU if relu else 0)
    return y, Cache(x, w, y if relu else None)


def backward(
    dy: Array, cache: Cache, *, need_dx: bool = True, grads: Grads = None
) -> tuple[Array | None, Array, Array]:
    """Compute what `ops.linear.backward` does; dw and db are written to `grads`, where given."""
    x, w, y = cache
    O = w.shape[-1]
    dw, db = grads or (buffers.empty(w.shape), buffers.empty((*w.shape[:-2], O)))
    dz = frame(dy.reshape(-1, 1, 1, O), y=y, sums=db).reshape(dy.shape)
    multiply(x, dz, dw, transpose_x=True)
    if not need_dx:
        return None, dw, db
    dx = buffers.empty((*w.shape[:-2], *x.shape[-2:]))
    multiply(dz, w, dx, transpose_w=True)
    return dx, dw, db


KERNEL = Kernel(forward, backward, writes_grads=True)
