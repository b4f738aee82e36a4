"""A kernel beside its reference: in float64, or to the bit."""

import numpy as np
from hypothesis import strategies as st

from backhand.ops import conv2d as conv2d_reference

channels = st.sampled_from([1, 3, 7, 16, 17, 64])


def close(found, wanted, where, error=5e-6):
    assert found.dtype == np.float32, where
    assert found.shape == wanted.shape, where
    np.testing.assert_allclose(found, wanted, rtol=0, atol=error * max(1, np.abs(wanted).max()), err_msg=where)


def compare(fast, reference, arrays, relu, error=5e-6, **options):
    """Forward and every gradient; nothing that was given is changed, and gradients are written where one asks.

    error: the largest one, of the largest value.
    """
    before = [a.copy() for a in arrays]
    exact = [a.astype(np.float64) for a in arrays]
    y, cache = fast.forward(*arrays, **options)
    wanted, exact_cache = reference.forward(*exact, **options)
    dy = np.random.default_rng(1).standard_normal(y.shape, dtype=np.float32)
    upstream = dy.astype(np.float64) * (y > 0 if relu else 1)  # where the kernel's own rounding put the kink
    close(y, np.maximum(wanted, 0) if relu else wanted, "y", error)
    gradients = reference.backward(upstream, exact_cache)
    for name, found, right in zip(("dx", "dw", "db"), fast.backward(dy, cache), gradients, strict=False):
        close(found, right, name, error)
    into = tuple(np.full_like(a, np.nan) for a in arrays[1:])
    if fast.writes_grads:
        dx, *found = fast.backward(dy, cache, need_dx=False, grads=into)
        assert dx is None
        for name, own, given_, right in zip(("dw", "db"), found, into, gradients[1:], strict=False):
            assert own is given_ or isinstance(cache, conv2d_reference.Cache)
            close(own, right, name, error)
    for a, b in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(a, b)


def compare_bits(fast, reference, x, dy, **options):
    """Both directions, twice: the reference's own bits; nothing that was given is changed."""
    kept = x.copy(), dy.copy()
    y, cache = fast.forward(x, **options)
    right, exact_cache = reference.forward(x, **options)
    expected = reference.backward(dy, exact_cache)[0]
    for _ in range(2):
        np.testing.assert_array_equal(y, right)
        np.testing.assert_array_equal(fast.backward(dy, cache)[0], expected)
    assert y.dtype == np.float32
    np.testing.assert_array_equal(x, kept[0])
    np.testing.assert_array_equal(dy, kept[1])


def check_written_gradients(fast, arrays, dy, **options):
    """The gradients of parameters are written into arrays that are given; without a dx, where none is needed."""
    _, cache = fast.forward(*arrays, **options)
    into = tuple(np.full_like(a, np.nan) for a in arrays[1:])
    dx, *own = fast.backward(dy, cache, need_dx=False, grads=into)
    assert dx is None
    for target, found, right in zip(into, own, fast.backward(dy, cache)[1:], strict=True):
        assert found is target
        np.testing.assert_array_equal(found, right)


def draw(rng, *shape):
    return rng.standard_normal(shape, dtype=np.float32)
