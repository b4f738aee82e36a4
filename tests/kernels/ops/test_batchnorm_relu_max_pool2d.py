"""Batch normalisation, ReLU and max-pooling in one, against the three references in float64."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from backhand.kernels.ops import batchnorm_relu_max_pool2d as fused
from backhand.layers import BatchNorm, MaxPool2d, ReLU
from backhand.model.sequential import Sequential
from backhand.ops import batchnorm, max_pool2d, relu
from tests.kernels.ops.beside_reference import check_written_gradients

channels = st.sampled_from([1, 3, 7, 16, 17, 64, 300])


def draw(N, H, W, C):
    rng = np.random.default_rng(0)
    x = (rng.standard_normal((N, H, W, C)) + 3).astype(np.float32)
    gamma, beta = rng.standard_normal((2, C)).astype(np.float32)
    return x, gamma, beta, rng.standard_normal((N, H // 2, W // 2, C), dtype=np.float32)


def references(x, gamma, beta, dy, running):
    """y, mean, var, and the three gradients."""
    n, first = batchnorm.forward(*(a.astype(np.float64) for a in (x, gamma, beta)), running=running)
    r, positive = relu.forward(n)
    y, last = max_pool2d.forward(r)
    (dr,) = max_pool2d.backward(dy.astype(np.float64), last)
    return y, first.mean, first.var, *batchnorm.backward(*relu.backward(dr, positive), first)


def close(found, wanted, scale=1.0):
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=0, atol=5e-6 * max(scale, np.abs(wanted).max()))


def compare(x, gamma, beta, dy, running=None):
    before = [a.copy() for a in (x, gamma, beta, dy)]
    y, cache = fused.forward(x, gamma, beta, running=running)
    dx, dgamma, dbeta = fused.backward(dy, cache)
    wanted = references(x, gamma, beta, dy, running)
    scale = np.abs(gamma / np.sqrt(wanted[2] + 1e-5)).max() * np.abs(dy).max()  # of the terms of dx
    for found, right in zip((y, cache.mean, cache.var, dx, dgamma, dbeta), wanted, strict=True):
        close(found, right, scale)
    assert {y.dtype, dx.dtype, dgamma.dtype, dbeta.dtype} == {np.dtype(np.float32)}
    again, _ = fused.forward(x, gamma, beta, running=running)
    np.testing.assert_array_equal(y, again)
    for found, right in zip(fused.backward(dy, cache), (dx, dgamma, dbeta), strict=True):
        np.testing.assert_array_equal(found, right)
    for a, b in zip((x, gamma, beta, dy), before, strict=True):
        np.testing.assert_array_equal(a, b)


@settings(max_examples=60, deadline=None)
@given(N=st.integers(1, 5), H=st.integers(2, 9), W=st.integers(2, 9), C=channels)
def test_batch_statistics(N, H, W, C):
    compare(*draw(N, H, W, C))


@settings(max_examples=20, deadline=None)
@given(N=st.integers(1, 5), H=st.integers(2, 9), W=st.integers(2, 9), C=channels)
def test_running_statistics(N, H, W, C):
    rng = np.random.default_rng(1)
    compare(*draw(N, H, W, C), (rng.standard_normal(C) + 3, rng.uniform(0.5, 2, C)))


def test_batches_that_threads_share():
    compare(*draw(37, 21, 20, 17))


def test_nan_stays_in_its_channel():
    x, gamma, beta, dy = draw(3, 4, 4, 5)
    x[1, 2, 2, 3] = np.nan
    y, cache = fused.forward(x, gamma, beta)
    dx, *_ = fused.backward(dy, cache)
    for array in (y, dx):
        assert np.isnan(array[..., 3]).all()
        assert np.isfinite(np.delete(array, 3, axis=3)).all()


def test_gradients_are_written_where_one_asks():
    *arrays, dy = draw(2, 4, 5, 7)
    check_written_gradients(fused, arrays, dy)


@pytest.mark.parametrize(("options", "taken"), [({}, True), ({"stride": 1}, False), ({"padding": 1}, False)])
def test_only_windows_of_two_side_by_side_are_taken(options, taken):
    assert fused.KERNEL.fits(MaxPool2d(2, **options)) is taken
    assert fused.KERNEL.fits(MaxPool2d(3)) is False
    assert fused.KERNEL.fits(ReLU()) is True


def test_a_model_runs_it():
    x, _, _, dy = draw(4, 7, 6, 16)
    found = []
    for dtype in (np.float32, np.float64):  # there are no kernels for float64
        model = Sequential(BatchNorm(), ReLU(), MaxPool2d()).build((7, 6, 16), seed=0, dtype=dtype)
        y = model.forward(x.astype(dtype), train=True)
        dx = model.backward(dy.astype(dtype), need_dx=True)
        found.append((y, dx, model.parameters.grads, *model.layers[0].state.values()))
    for own, right in zip(*found, strict=True):
        close(own, right)
