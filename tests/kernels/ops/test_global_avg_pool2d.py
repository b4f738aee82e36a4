"""Global average pooling, kernel against the reference in float64."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from backhand.kernels.ops import global_avg_pool2d
from backhand.ops import global_avg_pool2d as reference


@settings(max_examples=40, deadline=None)
@given(
    N=st.integers(1, 5), H=st.integers(1, 9), W=st.integers(1, 9), C=st.sampled_from([1, 3, 7, 16, 17, 64]),
    special=st.sampled_from([0, np.nan, np.inf]),
)  # fmt: skip
def test_both_directions(N, H, W, C, special):
    rng = np.random.default_rng(0)
    x, dy = rng.standard_normal((N, H, W, C), dtype=np.float32), rng.standard_normal((N, C), dtype=np.float32)
    x[0, H - 1, W - 1, 0] = special
    before = x.copy(), dy.copy()
    y, cache = global_avg_pool2d.forward(x)
    wanted, shape = reference.forward(x.astype(np.float64))
    np.testing.assert_allclose(y, wanted, rtol=0, atol=1e-6)
    (dx,) = global_avg_pool2d.backward(dy, cache)
    np.testing.assert_allclose(dx, reference.backward(dy.astype(np.float64), shape)[0], rtol=1e-6)
    assert y.dtype == dx.dtype == np.float32
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(dy, before[1])
    np.testing.assert_array_equal(y, global_avg_pool2d.forward(x)[0])
