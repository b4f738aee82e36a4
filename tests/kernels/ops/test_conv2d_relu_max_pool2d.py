"""Convolution, ReLU and pooling as one, against the references."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from backhand.kernels.ops import conv2d_relu_max_pool2d
from backhand.ops import conv2d as plain
from backhand.ops import max_pool2d, relu


def reference(arrays, dy, options):
    """y and the gradients, in float64."""
    z, conv = plain.forward(*(a.astype(np.float64) for a in arrays), **options)
    a, active = relu.forward(z)
    y, pool = max_pool2d.forward(a, window=2)
    (da,) = max_pool2d.backward(dy.astype(np.float64), pool)
    return [y, *plain.backward(*relu.backward(da, active), conv)]


@settings(max_examples=80)
@given(
    N=st.integers(1, 5),
    size=st.tuples(st.integers(2, 17), st.integers(2, 17)),
    C=st.sampled_from([1, 2, 3, 7, 16, 17, 33]),
    O=st.sampled_from([8, 16, 17, 33]),
    r=st.tuples(st.integers(1, 8), st.integers(1, 8)),
    stride=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    padding=st.integers(0, 3),
    bias=st.booleans(),
)
def test_all_gradients(N, size, C, O, r, stride, padding, bias):
    size = tuple(max(n, k + s - 2 * padding) for n, k, s in zip(size, r, stride, strict=True))
    rng = np.random.default_rng([*size, C, O])
    arrays = [rng.standard_normal(s, dtype=np.float32) for s in ((N, *size, C), (*r, C, O), (O,))][: 2 + bias]
    options = {"stride": stride, "padding": padding}
    y, cache = conv2d_relu_max_pool2d.forward(*arrays, **options)
    dy = rng.standard_normal(y.shape, dtype=np.float32)
    before = [a.copy() for a in (*arrays, dy)]
    found = conv2d_relu_max_pool2d.backward(dy, cache)
    for a, b in zip([y, *found], reference(arrays, dy, options), strict=True):
        assert a.shape == b.shape
        assert np.abs(a - b).max() <= 3e-5 * max(np.abs(b).max(), 1e-3)
    again = conv2d_relu_max_pool2d.backward(dy, cache, need_dx=False)
    assert again[0] is None
    for a, b in zip(again[1:], found[1:], strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip((*arrays, dy), before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_window_without_a_winner_has_no_gradient():
    x, w = np.ones((2, 6, 6, 3), np.float32), -np.ones((3, 3, 3, 16), np.float32)
    y, cache = conv2d_relu_max_pool2d.forward(x, w, np.zeros(16, np.float32), padding=1)
    assert not y.any()
    for gradient in conv2d_relu_max_pool2d.backward(np.ones_like(y), cache):
        assert not gradient.any()
