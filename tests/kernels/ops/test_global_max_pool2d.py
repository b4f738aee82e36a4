"""Global max-pooling, kernel against the reference in float64: both choose, so that all values are the same."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from backhand.kernels.ops import global_max_pool2d
from backhand.ops import global_max_pool2d as reference


@settings(max_examples=60, deadline=None)
@given(
    N=st.integers(1, 5), H=st.integers(1, 9), W=st.integers(1, 9), C=st.sampled_from([1, 3, 7, 16, 17, 64]),
    tied=st.booleans(), special=st.sampled_from([0, np.nan, np.inf, -np.inf]),
)  # fmt: skip
def test_both_directions(N, H, W, C, tied, special):
    rng = np.random.default_rng(0)
    x = rng.integers(-2, 3, (N, H, W, C)) if tied else rng.standard_normal((N, H, W, C))
    x, dy = x.astype(np.float32), rng.standard_normal((N, C), dtype=np.float32)
    x[0, H - 1, W - 1, 0] = x[0, H // 2, W // 2, 0] = special
    compare(x, dy)


def test_a_channel_of_equal_values_that_are_not_finite():
    for value in (np.nan, np.inf, -np.inf):
        compare(np.full((2, 3, 4, 17), value, np.float32), np.ones((2, 17), np.float32))


def test_more_than_one_shard():
    rng = np.random.default_rng(0)
    compare(rng.standard_normal((9, 31, 33, 17), dtype=np.float32), rng.standard_normal((9, 17), dtype=np.float32))


def compare(x, dy):
    before = x.copy(), dy.copy()
    y, cache = global_max_pool2d.forward(x)
    wanted, exact = reference.forward(x.astype(np.float64))
    np.testing.assert_array_equal(y, wanted)
    np.testing.assert_array_equal(cache.winner, exact.winner)
    (dx,) = global_max_pool2d.backward(dy, cache)
    np.testing.assert_array_equal(dx, reference.backward(dy.astype(np.float64), exact)[0])
    assert y.dtype == dx.dtype == np.float32
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(dy, before[1])
