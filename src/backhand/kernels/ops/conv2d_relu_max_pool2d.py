"""`conv2d`, max(y, 0) and `max_pool2d` over windows of 2 x 2 side by side, in one pass.

    z = conv2d(x, w, b)         y = max over each window of max(z, 0)

A few images are computed at a time: z is pooled while it is in the cache, and never stored whole. Its gradient is
computed only where dx needs it; the gradient of the weights does not, see `winner_gradient`, and stays float32.
"""

from collections.abc import Iterator
from math import prod
from typing import Any, NamedTuple

import numpy as np

from backhand.arrays import Array
from backhand.kernels import buffers
from backhand.kernels.blocks import winner_gradient
from backhand.kernels.blocks.bfloat16 import rounded
from backhand.kernels.blocks.convolution_tables import dx_margins
from backhand.kernels.blocks.frames import frame
from backhand.kernels.blocks.pooling import fits
from backhand.kernels.blocks.winograd_plan import choose_plan
from backhand.kernels.kernel import Grads, Kernel
from backhand.kernels.ops import conv2d, max_pool2d
from backhand.ops import conv2d as reference
from backhand.precision import BFLOAT16, FLOAT32
from backhand.windows import Windows

CHUNK = 2**19  # values of the convolution that are computed at a time


class Cache(NamedTuple):
    """What the backward passes of the convolution and of the pooling need."""

    conv: conv2d.AnyCache
    pool: max_pool2d.Cache


def forward(x: Array, w: Array, b: Array | None = None, **options: Any) -> tuple[Array, Cache]:
    """x (N, H, W, C) -> y (N, P // 2, Q // 2, O). The options are those of the convolution."""
    windows = Windows.over(
        x.shape[1:3], w.shape[:2], *(options.get(name, 0 if name == "padding" else 1) for name in ORDER)
    )
    groups, precision = options.get("groups", 1), reference.precision_of(w, options.get("precision", FLOAT32))
    pairs = Windows.over(windows.places, 2, 2)
    shape = len(x), *pairs.places, w.shape[3]
    y, winner = buffers.empty(shape), buffers.empty(shape, np.uint8)
    if w.shape[3] // groups < conv2d.FEWEST or choose_plan(x.shape, w.shape, windows, groups, precision):
        z, conv = conv2d.forward(x, w, b, **options)
        max_pool2d.pool(z, pairs, True, y, winner)
    else:
        reference.check(x, w, b, groups)
        padded = frame(x, windows.padding)
        read = rounded(padded) if precision == BFLOAT16 else padded
        for images in _chunks(len(x), (*windows.places, w.shape[3])):
            z = buffers.empty((images.stop - images.start, *windows.places, w.shape[3]))
            conv2d.convolve(read[images], w, b, windows, groups, z)
            max_pool2d.pool(z, pairs, True, y[images], winner[images])
        conv = conv2d.Cache(padded, w, windows, groups, b is not None, None, precision)
    return y, Cache(conv, max_pool2d.Cache(winner, pairs, (len(x), *windows.places, w.shape[3])))


ORDER = ("stride", "padding", "dilation")


def backward(dy: Array, cache: Cache, *, need_dx: bool = True, grads: Grads = None) -> tuple[Array | None, ...]:
    """dx, dw, and db where there was a b; the parameters' gradients are written to `grads`, where given."""
    conv, pool = cache
    if isinstance(conv, conv2d.Cache) and (
        plan := winner_gradient.choose_plan(conv.x.shape, conv.w.shape, conv.windows)
    ):
        dw, *db = grads or [buffers.empty(conv.w.shape), *[buffers.empty(conv.w.shape[3:])] * conv.has_bias]
        winner_gradient.weight_gradient(plan, conv.x, dy, pool.winner, dw, *db)
        if not need_dx:
            return None, dw, *db
        (dz,) = max_pool2d.backward(dy, pool, margins=dx_margins(conv.windows))
        return conv2d.input_gradient(dz, conv), dw, *db
    (dz,) = max_pool2d.backward(dy, pool)
    return conv2d.backward(dz, conv, need_dx=need_dx, **({"grads": grads} if grads else {}))


def _chunks(images: int, shape: tuple[int, ...]) -> Iterator[slice]:
    """Slices of the batch whose results of the convolution, each of this shape, stay in the cache."""
    count = max(1, CHUNK // prod(shape))
    return (slice(start, min(start + count, images)) for start in range(0, images, count))


KERNEL = Kernel(forward, backward, writes_grads=True, fits=fits)
