"""The affine map, see `ops.linear`: its three products are contractions.

y = x w + b         dw = xᵀ dz          dx = dz wᵀ          db = sum dz         dz: dy, or dy where y > 0 with ReLU

In training, products of little work are left to NumPy, whose calls cost less than those of compiled code. Its BLAS
takes one thread for them, as these kernels do: waking others would take far longer than the product. At inference they
are not, since a BLAS rounds a row differently among other rows, and an answer must not depend on its neighbours.

In bfloat16, x and dz are rounded once, and w as it is copied into panels; NumPy has no such products.
"""

from typing import NamedTuple

import numpy as np

from backhand.arrays import Array
from backhand.kernels import buffers, jit
from backhand.kernels.blocks.bfloat16 import paired, rounded
from backhand.kernels.blocks.frames import frame
from backhand.kernels.blocks.matrix_product import multiply
from backhand.kernels.kernel import Grads, Kernel
from backhand.kernels.simd import RELU
from backhand.precision import BFLOAT16, FLOAT32

LITTLE = 2**18  # multiply-adds of a product, below which NumPy is faster


class Cache(NamedTuple):
    """What backward needs: x, in bfloat16 where its products are; y where ReLU followed."""

    x: Array
    w: Array
    y: Array | None


def forward(x: Array, w: Array, b: Array, *, relu: bool = False, precision: str = FLOAT32) -> tuple[Array, Cache]:
    """Compute what `ops.linear.forward` does; with `relu`, max(y, 0)."""
    y = buffers.empty((*w.shape[:-2], x.shape[-2], w.shape[-1]))
    if precision == BFLOAT16:
        x = rounded(x)
    multiply(x, w, y, bias=b, mode=RELU if relu else 0)
    return y, Cache(x, w, y if relu else None)


def training(x: Array, w: Array, b: Array, *, relu: bool = False, precision: str = FLOAT32) -> tuple[Array, Cache]:
    """Compute the same as `forward`, to rounding."""
    if precision == BFLOAT16 or not _is_little(x, w):
        return forward(x, w, b, relu=relu, precision=precision)
    y = buffers.empty((len(x), w.shape[1]))
    np.dot(x, w, out=y)
    if relu:
        _add_and_rectify(y, b)
    else:
        y += b
    return y, Cache(x, w, y if relu else None)


def backward(
    dy: Array, cache: Cache, *, need_dx: bool = True, grads: Grads = None
) -> tuple[Array | None, Array, Array]:
    """Compute what `ops.linear.backward` does; dw and db are written to `grads`, where given."""
    x, w, y = cache
    dw, db = grads or (buffers.empty(w.shape), buffers.empty((*w.shape[:-2], w.shape[-1])))
    dx = buffers.empty((*w.shape[:-2], *x.shape[-2:])) if need_dx else None
    dz = _bias_gradient(dy, y, db)
    is_rounded = x.dtype == np.uint16
    if not is_rounded and _is_little(x, w):
        np.dot(x.T, dz, out=dw)
        return None if dx is None else np.dot(dz, w.T, out=dx), dw, db
    multiply(paired(x, x.shape[-1]) if is_rounded else x, dz, dw, transpose_x=True)
    if dx is not None:
        multiply(rounded(dz) if is_rounded else dz, w, dx, transpose_w=True)
    return dx, dw, db


def _bias_gradient(dy: Array, y: Array | None, db: Array) -> Array:
    """Write db = sum dz; returns dz, the gradient of x w."""
    if dy.ndim > 2 or jit.shards(3 * dy.size) > 1:
        return frame(dy.reshape(-1, 1, 1, dy.shape[-1]), y=y, sums=db).reshape(dy.shape)
    if y is None:
        _sum_rows(dy, db)
        return dy
    dz = buffers.empty(dy.shape)
    _mask_and_sum(dy, y, dz, db)
    return dz


@jit.helper
def _add_and_rectify(y, b):
    for row in y:
        for o in range(b.size):
            value = row[o] + b[o]
            row[o] = np.float32(0) if value <= 0 else value  # NaN stays


@jit.helper
def _sum_rows(dy, db):
    db[:] = 0
    for row in dy:
        for o in range(db.size):
            db[o] += row[o]


@jit.helper
def _mask_and_sum(dy, y, dz, db):
    db[:] = 0
    for n in range(dy.shape[0]):
        for o in range(db.size):
            value = dy[n, o] if y[n, o] > 0 else np.float32(0)
            dz[n, o] = value
            db[o] += value


def _is_little(x: Array, w: Array) -> bool:
    return x.ndim == w.ndim == 2 and x.shape[0] * w.size < LITTLE


KERNEL = Kernel(forward, backward, writes_grads=True, training=training)
