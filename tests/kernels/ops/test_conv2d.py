"""Convolution, kernel against the reference in float64."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from backhand.kernels.blocks.winograd_plan import choose_plan
from backhand.kernels.ops import conv2d, conv2d_relu
from backhand.ops import conv2d as conv2d_reference
from backhand.precision import BFLOAT16, PRECISIONS
from backhand.windows import Windows
from tests.kernels.ops.beside_reference import channels, compare, draw

pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))


@settings(max_examples=80, deadline=None)
@given(
    N=st.integers(1, 3), size=st.tuples(st.integers(1, 9), st.integers(1, 9)), c=channels, O=channels,
    kernel=st.tuples(st.integers(1, 4), st.integers(1, 4)), stride=pairs, dilation=pairs,
    groups=st.sampled_from([1, 1, 2]),
    padding=st.tuples(st.tuples(st.integers(0, 3), st.integers(0, 3)), st.tuples(st.integers(0, 3), st.integers(0, 3))),
    bias=st.booleans(), relu=st.booleans(), precision=st.sampled_from(PRECISIONS),
)  # fmt: skip
def test_convolution(N, size, c, O, kernel, stride, dilation, groups, padding, bias, relu, precision):
    for n, k, d, p in zip(size, kernel, dilation, padding, strict=True):
        assume(d * (k - 1) + 1 <= n + sum(p))
    rng = np.random.default_rng(0)
    x, w = draw(rng, N, *size, c * groups), draw(rng, *kernel, c, O * groups)
    arrays = [x, w, draw(rng, O * groups)] if bias else [x, w]
    options = {"stride": stride, "dilation": dilation, "groups": groups, "padding": padding, "precision": precision}
    windows = Windows.over(size, kernel, stride, padding, dilation)
    is_filtered = precision == BFLOAT16 and choose_plan(x.shape, w.shape, windows, groups, precision)
    kernel = (conv2d_relu if relu else conv2d).KERNEL
    compare(kernel, conv2d_reference, arrays, relu, 0.05 if is_filtered else 5e-6, **options)


@pytest.mark.parametrize("padding", ["same", "valid", 1])
def test_every_form_of_padding(padding):
    rng = np.random.default_rng(0)
    arrays = [draw(rng, 2, 7, 6, 5), draw(rng, 3, 3, 5, 20), draw(rng, 20)]
    compare(conv2d.KERNEL, conv2d_reference, arrays, relu=False, padding=padding)


def test_depth_wise_convolution_is_left_to_the_reference():
    rng = np.random.default_rng(0)
    arrays = [draw(rng, 2, 7, 6, 5), draw(rng, 3, 3, 1, 5)]
    y, cache = conv2d.forward(*arrays, groups=5)
    wanted, same = conv2d_reference.forward(*arrays, groups=5)
    np.testing.assert_array_equal(y, wanted)
    for found, right in zip(conv2d.backward(y, cache), conv2d_reference.backward(y, same), strict=True):
        np.testing.assert_array_equal(found, right)


def test_channels_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="3 channels do not fit"):
        conv2d.forward(np.zeros((1, 4, 4, 3), np.float32), np.zeros((2, 2, 4, 16), np.float32))


def test_stride_that_leaves_pixels_unseen_gives_them_no_gradient():
    x, w = np.ones((1, 5, 5, 2), np.float32), np.ones((1, 1, 2, 16), np.float32)
    y, cache = conv2d.forward(x, w, stride=2)
    dx, _ = conv2d.backward(np.ones_like(y), cache)
    assert (dx[:, ::2, ::2] == 16).all()
    assert (dx[:, 1::2] == 0).all()
    assert (dx[:, :, 1::2] == 0).all()
