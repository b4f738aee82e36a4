"""Convolution and the affine map, kernels against the references in float64."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from backhand.kernels.ops import conv2d, conv2d_relu, linear, linear_relu
from backhand.ops import conv2d as conv2d_reference
from backhand.ops import linear as linear_reference

channels = st.sampled_from([1, 3, 7, 16, 17, 64])
pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))


def close(found, wanted, where):
    assert found.dtype == np.float32, where
    assert found.shape == wanted.shape, where
    np.testing.assert_allclose(found, wanted, rtol=0, atol=5e-6 * max(1, np.abs(wanted).max()), err_msg=where)


def compare(fast, reference, arrays, relu, **options):
    """Forward and every gradient; nothing that was given is changed, and gradients are written where one asks."""
    before = [a.copy() for a in arrays]
    exact = [a.astype(np.float64) for a in arrays]
    y, cache = fast.forward(*arrays, **options)
    wanted, exact_cache = reference.forward(*exact, **options)
    dy = np.random.default_rng(1).standard_normal(y.shape, dtype=np.float32)
    upstream = dy.astype(np.float64) * (y > 0 if relu else 1)  # where the kernel's own rounding put the kink
    close(y, np.maximum(wanted, 0) if relu else wanted, "y")
    gradients = reference.backward(upstream, exact_cache)
    for name, found, right in zip(("dx", "dw", "db"), fast.backward(dy, cache), gradients, strict=False):
        close(found, right, name)
    into = tuple(np.full_like(a, np.nan) for a in arrays[1:])
    if fast.writes_grads:
        dx, *found = fast.backward(dy, cache, need_dx=False, grads=into)
        assert dx is None
        for name, own, given_, right in zip(("dw", "db"), found, into, gradients[1:], strict=False):
            assert own is given_ or isinstance(cache, conv2d_reference.Cache)
            close(own, right, name)
    for a, b in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(a, b)


def draw(rng, *shape):
    return rng.standard_normal(shape, dtype=np.float32)


@settings(max_examples=80, deadline=None)
@given(
    N=st.integers(1, 3), size=st.tuples(st.integers(1, 9), st.integers(1, 9)), c=channels, O=channels,
    kernel=st.tuples(st.integers(1, 4), st.integers(1, 4)), stride=pairs, dilation=pairs,
    groups=st.sampled_from([1, 1, 2]),
    padding=st.tuples(st.tuples(st.integers(0, 3), st.integers(0, 3)), st.tuples(st.integers(0, 3), st.integers(0, 3))),
    bias=st.booleans(), relu=st.booleans(),
)  # fmt: skip
def test_convolution(N, size, c, O, kernel, stride, dilation, groups, padding, bias, relu):
    for n, k, d, p in zip(size, kernel, dilation, padding, strict=True):
        assume(d * (k - 1) + 1 <= n + sum(p))
    rng = np.random.default_rng(0)
    x, w = draw(rng, N, *size, c * groups), draw(rng, *kernel, c, O * groups)
    arrays = [x, w, draw(rng, O * groups)] if bias else [x, w]
    options = {"stride": stride, "dilation": dilation, "groups": groups, "padding": padding}
    compare((conv2d_relu if relu else conv2d).KERNEL, conv2d_reference, arrays, relu, **options)


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


@settings(max_examples=60, deadline=None)
@given(N=st.sampled_from([1, 2, 5, 33]), I=st.sampled_from([1, 7, 16, 65]), O=channels, relu=st.booleans())
def test_affine_map(N, I, O, relu):
    rng = np.random.default_rng(0)
    arrays = [draw(rng, N, I), draw(rng, I, O), draw(rng, O)]
    compare((linear_relu if relu else linear).KERNEL, linear_reference, arrays, relu)


@settings(max_examples=60, deadline=None)
@given(
    S=st.sampled_from([1, 2, 3, 9]),
    N=st.sampled_from([1, 5, 33]),
    I=st.sampled_from([1, 16, 65]),
    O=channels,
    relu=st.booleans(),
    shared=st.booleans(),
    gap=st.sampled_from([0, 3]),
)
def test_several_affine_maps_at_once(S, N, I, O, relu, shared, gap):
    """Also where the maps lie apart in memory, as the rows of parameters of several models do, and x serves all."""
    rng = np.random.default_rng(0)
    rows = draw(rng, S, I * O + O + gap)
    w, b = rows[:, : I * O].reshape(S, I, O), rows[:, I * O : I * O + O]
    x = draw(rng, N, I) if shared else draw(rng, S, N, I)
    compare((linear_relu if relu else linear).KERNEL, linear_reference, [x, w, b], relu)
    into = np.full_like(rows, np.nan)
    grads = into[:, : I * O].reshape(S, I, O), into[:, I * O : I * O + O]
    y, cache = linear.forward(x, w, b)
    wanted = linear.backward(y, cache)[1:]
    linear.backward(y, cache, grads=grads)
    for found, right in zip(grads, wanted, strict=True):
        np.testing.assert_array_equal(found, right)
