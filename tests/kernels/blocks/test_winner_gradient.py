"""The gradient of the weights from the winners of pooling: where it is used."""

import numpy as np
import pytest

pytest.importorskip("numba")

from backhand.kernels.blocks import winner_gradient
from backhand.kernels.ops import conv2d, conv2d_relu_max_pool2d
from backhand.kernels.simd import PERMUTE


@pytest.mark.parametrize(
    ("C", "r", "options", "how"),
    [
        (1, 3, {}, "channels" if PERMUTE else "patches"),
        (1, 12, {}, "patches"),
        (16, 3, {}, "patches"),
        (16, 3, {"dilation": 2}, None),
        (4, 3, {"groups": 2}, None),
        (512, 1, {}, None),
    ],
)
def test_what_adds_up_the_winners(C, r, options, how):
    """Windows that it does not know, or whose vectors would be all but empty, are left to the convolution."""
    x, w = np.ones((1, 16, 16, C), np.float32), np.ones((r, r, C // options.get("groups", 1), 16), np.float32)
    cache = conv2d_relu_max_pool2d.forward(x, w, **options)[1].conv
    assert isinstance(cache, conv2d.Cache)
    plan = winner_gradient.choose_plan(cache.x.shape, w.shape, cache.windows)
    assert (plan and ("channels" if plan.permuted else "patches")) == how
