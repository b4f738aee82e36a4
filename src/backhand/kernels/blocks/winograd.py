"""Convolution of stride 1 in fewer multiplications: Winograd's minimal filtering, `cook_toom`.

The image is cut into overlapping tiles X of m + r - 1 rows and columns, and with the kernel g, channel by channel,

    V = Bᵀ X B      U = G g Gᵀ      M[t, o] = Σ_c V[t, c] U[c, o]  for each of the (m + r - 1)² entries      Y = Aᵀ M A

Each line is linear in what comes from the line before, so backward is its transposes, from the last to the first:

    dM = A dY Aᵀ            dU = Σ_t V dM           dV = Σ_o dM U           dg = Gᵀ dU G            dX = B dV Bᵀ

Entries come first in V, U and M, so that the sums over channels and tiles are matrix products.
All this is done for some images at a time, and backward computes V and U again, which is cheaper than to keep them.
In bfloat16, V, U and dM are rounded; x, w and dz are not.
Source: Lavin and Gray 2016, CVPR, arXiv:1509.09308. Derivation: docs/derivations/winograd.md
"""

from typing import NamedTuple

import numpy as np

from backhand.arrays import Array
from backhand.kernels import buffers
from backhand.kernels.blocks.bfloat16 import paired
from backhand.kernels.blocks.frames import frame
from backhand.kernels.blocks.matrix_product import multiply
from backhand.kernels.blocks.winograd_plan import Plan
from backhand.kernels.blocks.winograd_transforms import images_to_tiles, tiles_to_images, transform_filters
from backhand.kernels.cook_toom import FILTER, FILTER_GRADIENT, INPUT, INPUT_GRADIENT, OUTPUT, UPSTREAM
from backhand.kernels.simd import ACCUMULATE, BIAS, RELU
from backhand.precision import BFLOAT16
from backhand.windows import Windows


class Cache(NamedTuple):
    """What backward needs: x with its padding, and y where ReLU followed."""

    x: Array
    w: Array
    plan: Plan
    windows: Windows
    has_bias: bool
    y: Array | None
    precision: str


def forward(
    x: Array, w: Array, b: Array | None, windows: Windows, plan: Plan, relu: bool, precision: str
) -> tuple[Array, Cache]:
    """y (N, P, Q, O) of a convolution with stride 1; with `relu`, max(y, 0)."""
    (top, _), (left, _) = windows.padding
    bottom, right = (n * plan.m + plan.r - 1 for n in (plan.rows, plan.columns))
    framed = frame(x, ((top, bottom - top - x.shape[1]), (left, right - left - x.shape[2])))
    U = _transformed_filters(w, plan)
    y = buffers.empty((len(x), *windows.places, plan.O))
    mode = (0 if b is None else BIAS) | (RELU if relu else 0)
    for images, chunk in plan.chunks():
        V = images_to_tiles(INPUT, chunk, framed[images], precision)
        M = buffers.empty((chunk.a**2, chunk.T, chunk.O))
        multiply(V, U, M)
        tiles_to_images(OUTPUT, chunk, M, y[images], bias=b, mode=mode)
    return y, Cache(framed, w, plan, windows, b is not None, y if relu else None, precision)


def backward(dy: Array, cache: Cache, need_dx: bool, dw: Array, db: Array | None = None) -> Array | None:
    """dx, or None where it is not needed; the parameters' gradients are written to dw and db."""
    x, w, plan, windows, _, y, precision = cache
    margins = (0, plan.rows * plan.m - dy.shape[1]), (0, plan.columns * plan.m - dy.shape[2])
    dU, sums = buffers.empty((plan.a**2, plan.C, plan.O)), np.zeros(plan.O)
    U = _transformed_filters(w, plan) if need_dx else None
    dx = buffers.empty((len(dy), *windows.size, plan.C)) if need_dx else None
    for images, chunk in plan.chunks():
        dz = frame(dy[images], margins, None if y is None else y[images], db)
        sums += 0 if db is None else db
        V = images_to_tiles(INPUT, chunk, x[images], precision)
        dM = images_to_tiles(UPSTREAM, chunk, dz, precision)
        if precision == BFLOAT16:
            V = paired(V, plan.C)
        multiply(V, dM, dU, transpose_x=True, mode=ACCUMULATE if images.start else 0)
        if dx is not None and U is not None:
            _write_input_gradient(dM, U, chunk, windows, dx[images])
    transform_filters(FILTER_GRADIENT, plan, dU, dw)
    if db is not None:
        db[...] = sums
    return dx


def _transformed_filters(w: Array, plan: Plan) -> Array:
    """U (a², C, O), the transformed filters."""
    U = buffers.empty((plan.a**2, plan.C, plan.O))
    transform_filters(FILTER, plan, w, U)
    return U


def _write_input_gradient(dM: Array, U: Array, plan: Plan, windows: Windows, dx: Array) -> None:
    """Write dx of some images, from what their tiles have of the gradient."""
    dV = buffers.empty((plan.a**2, plan.T, plan.C))
    multiply(dM, U, dV, transpose_w=True)
    (top, _), (left, _) = windows.padding
    tiles_to_images(INPUT_GRADIENT, plan, dV, dx, corner=(top, left))
