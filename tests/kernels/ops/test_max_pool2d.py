"""Max-pooling, kernel against the reference: values are the same, sums of gradients the same but for rounding."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from backhand.kernels.ops import max_pool2d
from backhand.ops import max_pool2d as reference

channels = st.sampled_from([1, 3, 7, 16, 17, 64])
numbers = st.integers(0, 2)
sides = st.tuples(numbers, numbers)


def draw(shape, ties=False):
    rng = np.random.default_rng(0)
    x = rng.integers(-2, 3, shape) if ties else rng.standard_normal(shape)
    return x.astype(np.float32)


def compare(x, relu, margins=((0, 0), (0, 0)), **options):
    before = x.copy()
    y, cache = max_pool2d.forward(x, relu=relu, **options)
    wanted, exact = reference.forward(x.astype(np.float64), **options)
    np.testing.assert_array_equal(y, np.maximum(wanted, 0) if relu else wanted)
    dy = np.random.default_rng(1).standard_normal(y.shape, dtype=np.float32)
    upstream = dy.copy()
    sums = np.full(x.shape[3], np.nan, np.float32)
    (dx,) = max_pool2d.backward(dy, cache, margins=margins, sums=sums)
    (right,) = reference.backward(dy.astype(np.float64) * (wanted > 0 if relu else 1), exact)
    right = np.pad(right, ((0, 0), *margins, (0, 0)))
    assert y.dtype == dx.dtype == np.float32
    assert dx.shape == right.shape
    np.testing.assert_allclose(dx, right, rtol=0, atol=1e-5)
    np.testing.assert_allclose(sums, right.sum((0, 1, 2)), rtol=0, atol=1e-6 * max(1, np.abs(right).sum()))
    np.testing.assert_array_equal(dy, upstream)
    np.testing.assert_array_equal(x, before)


@settings(max_examples=60, deadline=None)
@given(
    N=st.integers(1, 5), size=st.tuples(st.integers(2, 9), st.integers(2, 9)), C=channels, relu=st.booleans(),
    ties=st.booleans(), margins=st.tuples(sides, sides),
)  # fmt: skip
def test_windows_of_two_side_by_side(N, size, C, relu, ties, margins):
    compare(draw((N, *size, C), ties), relu, margins)


@settings(max_examples=80, deadline=None)
@given(
    N=st.integers(1, 3), size=st.tuples(st.integers(1, 9), st.integers(1, 9)), C=channels, relu=st.booleans(),
    window=st.tuples(st.integers(1, 4), st.integers(1, 4)), stride=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    padding=st.tuples(sides, sides), ties=st.booleans(), margins=st.tuples(sides, sides),
)  # fmt: skip
def test_any_windows(N, size, C, relu, window, stride, padding, ties, margins):
    for n, k, p in zip(size, window, padding, strict=True):
        assume(k <= n + sum(p))
        assume(max(p) < k)
    compare(draw((N, *size, C), ties), relu, margins, window=window, stride=stride, padding=padding)


@pytest.mark.parametrize("relu", [False, True])
def test_windows_too_large_for_a_byte(relu):
    compare(draw((2, 17, 18, 3)), relu, margins=((1, 0), (0, 2)), window=16, stride=1)
    compare(draw((1, 16, 17, 3)), relu, window=(15, 17), stride=1)  # 255 entries are the most


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("options", [{}, {"window": 3, "stride": 2, "padding": 1}])
@pytest.mark.parametrize("relu", [False, True])
def test_what_is_not_finite(value, options, relu):
    x = draw((2, 6, 6, 17))
    x[0, 2:4, 2:5] = value
    x[1, 3, 2] = value
    x[1, :2, :2] = -np.inf
    compare(x, relu, **options)


def test_twice_gives_the_same_bits():
    x = draw((9, 12, 13, 17))
    for options in ({}, {"window": 3, "stride": 1}):
        y, cache = max_pool2d.forward(x, **options)
        first, second = (max_pool2d.backward(y, cache)[0] for _ in range(2))
        np.testing.assert_array_equal(max_pool2d.forward(x, **options)[0], y)
        np.testing.assert_array_equal(first, second)


def test_windows_that_see_padding_alone_are_refused():
    with pytest.raises(ValueError, match="nothing but padding"):
        max_pool2d.forward(draw((1, 4, 4, 3)), padding=2)
