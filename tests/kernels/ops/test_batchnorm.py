"""Batch normalisation, kernel against the reference in float64."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from backhand.kernels.ops import batchnorm, batchnorm_relu
from backhand.ops import batchnorm as reference
from tests.kernels.ops.beside_reference import check_written_gradients

channels = st.sampled_from([1, 3, 7, 16, 17, 64, 600])
images = st.sampled_from([(), (1, 1), (5, 7), (16, 9)])


def draw(shape, mean=0.0):
    rng = np.random.default_rng(0)
    x = (rng.standard_normal(shape) + mean * rng.standard_normal(shape[-1])).astype(np.float32)
    gamma, beta = rng.standard_normal((2, shape[-1])).astype(np.float32)
    return x, gamma, beta, rng.standard_normal(shape, dtype=np.float32)


def close(found, wanted, scale=1.0):
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=0, atol=3e-6 * max(scale, np.abs(wanted).max()))


def compare(x, gamma, beta, dy, relu, running=None):
    before = [a.copy() for a in (x, gamma, beta, dy)]
    kernel = (batchnorm_relu if relu else batchnorm).KERNEL
    y, cache = kernel.forward(x, gamma, beta, eps=1e-3, running=running)
    exact = [a.astype(np.float64) for a in (x, gamma, beta)]
    wanted, exact_cache = reference.forward(*exact, eps=1e-3, running=running)
    close(y, np.maximum(wanted, 0) if relu else wanted)
    close(cache.mean, exact_cache.mean)
    close(cache.var, exact_cache.var)
    found = kernel.backward(dy, cache)
    gradients = reference.backward(dy.astype(np.float64) * (y > 0 if relu else 1), exact_cache)
    terms = np.abs(gamma * exact_cache.r).max() * np.abs(dy).max()  # dx is their sum, and may be much smaller
    for own, right in zip(found, gradients, strict=True):
        assert own.dtype == np.float32
        close(own, right, terms)
    for a, b in zip((x, gamma, beta, dy), before, strict=True):
        np.testing.assert_array_equal(a, b)


@settings(max_examples=80, deadline=None)
@given(N=st.integers(1, 5), image=images, C=channels, mean=st.sampled_from([0, 100]), relu=st.booleans())
def test_batch_statistics(N, image, C, mean, relu):
    compare(*draw((N, *image, C), mean), relu)


@settings(max_examples=30, deadline=None)
@given(N=st.integers(1, 5), image=images, C=channels, relu=st.booleans())
def test_running_statistics(N, image, C, relu):
    rng = np.random.default_rng(1)
    running = rng.standard_normal(C).astype(np.float32), rng.uniform(0.5, 2, C).astype(np.float32)
    compare(*draw((N, *image, C)), relu, running)


@pytest.mark.parametrize("shape", [(40, 30, 31, 7), (33, 20, 20, 64), (4099, 16)])
def test_batches_that_threads_share(shape):
    compare(*draw(shape, 100), relu=True)


def test_one_sample_is_its_mean():
    x, gamma, beta, dy = draw((1, 5), 3)
    y, cache = batchnorm.forward(x, gamma, beta)
    dx, dgamma, dbeta = batchnorm.backward(dy, cache)
    np.testing.assert_array_equal(y[0], beta)
    np.testing.assert_array_equal(dx, 0)
    np.testing.assert_array_equal(dgamma, 0)
    np.testing.assert_array_equal(dbeta, dy[0])


def test_an_outlier_in_the_first_pixel_takes_no_digits():
    x, gamma, beta, dy = draw((8, 32, 32, 3))
    x[0, 0, 0] = 1e4
    compare(x, gamma, beta, dy, relu=False)


def test_equal_values_have_no_variance():
    x = np.full((4, 9, 9, 3), 0.1, np.float32)
    y, cache = batchnorm.forward(x, *draw((1, 3))[1:3])
    np.testing.assert_allclose(cache.var, 0, atol=1e-12)
    np.testing.assert_allclose(y, np.broadcast_to(draw((1, 3))[2], y.shape), rtol=1e-5)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [(0, 0, 0, 2), (3, 4, 4, 2)])
def test_what_is_not_finite_stays_in_its_channel(value, place):
    x, gamma, beta, dy = draw((4, 5, 5, 3))
    x[place] = value
    y, cache = batchnorm_relu.KERNEL.forward(x, gamma, beta)
    dx, dgamma, dbeta = batchnorm.backward(dy, batchnorm.forward(x, gamma, beta)[1])
    for array in (y, dx, dgamma):
        assert np.isnan(array[..., 2]).all()
        assert np.isfinite(array[..., :2]).all()
    assert np.isfinite(dbeta).all()
    np.testing.assert_array_equal(cache.mean[2], value)


def test_twice_gives_the_same_bits():
    x, gamma, beta, dy = draw((37, 20, 20, 17))
    runs = []
    for _ in range(2):
        y, cache = batchnorm_relu.KERNEL.forward(x, gamma, beta)
        runs.append((y, cache.mean, cache.var, *batchnorm_relu.KERNEL.backward(dy, cache)))
    for a, b in zip(*runs, strict=True):
        np.testing.assert_array_equal(a, b)


def test_gradients_are_written_where_one_asks():
    *arrays, dy = draw((5, 4, 4, 7))
    check_written_gradients(batchnorm, arrays, dy)


def test_a_scale_that_does_not_fit_is_refused():
    for module in (reference, batchnorm):
        with pytest.raises(ValueError, match=r"gamma \(1,\) and beta \(3,\) do not fit"):
            module.forward(np.zeros((2, 3), np.float32), np.ones(1, np.float32), np.zeros(3, np.float32))
