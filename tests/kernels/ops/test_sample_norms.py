"""Layer and group normalisation, kernels against the references in float64."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from backhand.kernels.ops import group_norm, layer_norm
from backhand.ops import group_norm as group_reference
from backhand.ops import layer_norm as layer_reference
from tests.kernels.ops.beside_reference import check_written_gradients

images = st.sampled_from([(), (1, 1), (5, 7), (16, 9)])


def draw(shape, parameters, mean=0.0):
    rng = np.random.default_rng(0)
    x = (rng.standard_normal(shape) + mean * rng.standard_normal(shape[-1])).astype(np.float32)
    gamma, beta = rng.standard_normal((2, *parameters)).astype(np.float32)
    return x, gamma, beta, rng.standard_normal(shape, dtype=np.float32)


def close(found, wanted, scale=1.0):
    assert found.dtype == np.float32
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=0, atol=5e-6 * max(scale, np.abs(wanted).max()))


def compare(fast, reference, arrays, **options):
    """Both directions; nothing that was given is changed."""
    before = [a.copy() for a in arrays]
    *inputs, dy = arrays
    y, cache = fast.forward(*inputs, eps=1e-3, **options)
    wanted, exact = reference.forward(*(a.astype(np.float64) for a in inputs), eps=1e-3, **options)
    close(y, wanted)
    terms = np.abs(inputs[1]).max() * exact.r.max() * np.abs(dy).max()  # dx is their sum, and may be much smaller
    gradients = reference.backward(dy.astype(np.float64), exact)
    for found, right in zip(fast.backward(dy, cache), gradients, strict=True):
        close(found, right, terms)
    for a, b in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(a, b)


def compare_layer_norm(shape, mean=0.0):
    compare(layer_norm, layer_reference, draw(shape, shape[1:], mean))


def compare_group_norm(shape, groups, mean=0.0):
    compare(group_norm, group_reference, draw(shape, shape[-1:], mean), groups=groups)


@settings(max_examples=60, deadline=None)
@given(N=st.integers(1, 5), image=images, C=st.sampled_from([1, 3, 16, 17, 600]), mean=st.sampled_from([0, 100]))
def test_layer_norm(N, image, C, mean):
    compare_layer_norm((N, *image, C), mean)


@settings(max_examples=80, deadline=None)
@given(
    N=st.integers(1, 5),
    image=images,
    groups=st.sampled_from([1, 2, 3, 8]),
    width=st.sampled_from([1, 2, 5, 16, 75]),
    mean=st.sampled_from([0, 100]),
)
def test_group_norm(N, image, groups, width, mean):
    compare_group_norm((N, *image, groups * width), groups, mean)


@pytest.mark.parametrize("shape", [(40, 30, 31, 7), (33, 20, 20, 64), (4099, 64), (3, 100, 90, 14)])
def test_batches_that_threads_share(shape):
    compare_layer_norm(shape, 100)
    compare_group_norm(shape, 7 if shape[-1] % 7 == 0 else 8, 100)


def test_an_outlier_in_the_first_pixel_takes_no_digits():
    arrays = draw((4, 32, 32, 4), (4,))
    arrays[0][0, 0, 0] = 1e4
    compare(group_norm, group_reference, arrays, groups=2)
    arrays = draw((4, 4096), (4096,))
    arrays[0][0, 0] = 1e4
    compare(layer_norm, layer_reference, arrays)


def test_one_value_is_its_mean():
    for fast, options in ((layer_norm, {}), (group_norm, {"groups": 1})):
        x, gamma, beta, dy = draw((3, 1), (1,), 3)
        y, cache = fast.forward(x, gamma, beta, **options)
        dx, dgamma, dbeta = fast.backward(dy, cache)
        np.testing.assert_array_equal(y, np.broadcast_to(beta, y.shape))
        np.testing.assert_allclose(dx, 0, atol=1e-5)  # the difference of two products times r = 316
        np.testing.assert_array_equal(dgamma, 0)
        np.testing.assert_allclose(dbeta, dy.sum(0), rtol=1e-6)


def test_equal_values_have_no_variance():
    x = np.full((4, 9, 9, 6), 0.1, np.float32)
    for fast, parameters, options in ((layer_norm, (9, 9, 6), {}), (group_norm, (6,), {"groups": 3})):
        _, gamma, beta, _ = draw(x.shape, parameters)
        y, _ = fast.forward(x, gamma, beta, **options)
        np.testing.assert_allclose(y, np.broadcast_to(beta, y.shape), rtol=1e-5)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [(0, 0, 0, 2), (0, 4, 4, 2)])
def test_what_is_not_finite_stays_in_its_sample_and_group(value, place):
    x, gamma, beta, dy = draw((3, 5, 5, 4), (4,))
    x[place] = value
    y, cache = group_norm.forward(x, gamma, beta, groups=2)
    for array in (y, group_norm.backward(dy, cache)[0]):
        assert np.isnan(array[0, ..., 2:]).all()
        assert np.isfinite(array[1:]).all()
        assert np.isfinite(array[..., :2]).all()
    _, gamma, beta, _ = draw((3, 5, 5, 4), (5, 5, 4))
    y, cache = layer_norm.forward(x, gamma, beta)
    for array in (y, layer_norm.backward(dy, cache)[0]):
        assert np.isnan(array[0]).all()
        assert np.isfinite(array[1:]).all()


def test_a_batch_of_no_samples_stays_one():
    for fast, parameters, options in ((layer_norm, (2, 3, 6), {}), (group_norm, (6,), {"groups": 3})):
        *inputs, dy = draw((0, 2, 3, 6), parameters)
        y, cache = fast.forward(*inputs, **options)
        dx, dgamma, dbeta = fast.backward(dy, cache)
        assert y.shape == dx.shape == (0, 2, 3, 6)
        assert not dgamma.any()
        assert not dbeta.any()


def test_twice_gives_the_same_bits():
    for fast, parameters, options in ((layer_norm, (20, 20, 18), {}), (group_norm, (18,), {"groups": 6})):
        *inputs, dy = draw((37, 20, 20, 18), parameters)
        runs = []
        for _ in range(2):
            y, cache = fast.forward(*inputs, **options)
            runs.append((y, *fast.backward(dy, cache)))
        for a, b in zip(*runs, strict=True):
            np.testing.assert_array_equal(a, b)


def test_gradients_are_written_where_one_asks():
    *arrays, dy = draw((5, 4, 4, 7), (4, 4, 7))
    check_written_gradients(layer_norm, arrays, dy)
    *arrays, dy = draw((5, 4, 4, 6), (6,))
    check_written_gradients(group_norm, arrays, dy, groups=2)


def test_arguments_that_do_not_fit_are_refused():
    x, one, three = np.zeros((2, 3), np.float32), np.ones(1, np.float32), np.ones(3, np.float32)
    for module in (layer_reference, layer_norm):
        with pytest.raises(ValueError, match=r"gamma \(1,\) and beta \(3,\) do not fit the samples"):
            module.forward(x, one, three)
    for module in (group_reference, group_norm):
        with pytest.raises(ValueError, match=r"gamma \(1,\) and beta \(3,\) do not fit the channels"):
            module.forward(x, one, three, groups=1)
        with pytest.raises(ValueError, match="3 channels cannot be divided into 2 groups"):
            module.forward(x, three, three, groups=2)
