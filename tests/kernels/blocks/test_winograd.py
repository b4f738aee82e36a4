"""Convolutions by minimal filtering, against the reference in float64."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from backhand.kernels.blocks import winograd, winograd_plan
from backhand.kernels.ops import conv2d, conv2d_relu
from backhand.ops import conv2d as reference
from backhand.windows import Windows


@settings(max_examples=60)
@given(
    N=st.integers(1, 3),
    size=st.tuples(st.integers(3, 14), st.integers(3, 14)),
    padding=st.tuples(st.tuples(st.integers(1, 3), st.integers(0, 3)), st.tuples(st.integers(0, 3), st.integers(1, 3))),
    C=st.sampled_from([32, 33, 48]),
    O=st.sampled_from([32, 37, 64]),
    r=st.sampled_from([3, 5]),
    bias=st.booleans(),
    relu=st.booleans(),
)
def test_convolution(N, size, padding, C, O, r, bias, relu):
    size = tuple(max(n, r) for n in size)
    rng = np.random.default_rng([C, O])
    arrays = [rng.standard_normal(s, dtype=np.float32) for s in ((N, *size, C), (r, r, C, O), (O,))][: 2 + bias]
    kernel = (conv2d_relu if relu else conv2d).KERNEL
    y, cache = kernel.forward(*arrays, padding=padding)
    assert isinstance(cache, winograd.Cache)
    wanted, exact = reference.forward(*(a.astype(np.float64) for a in arrays), padding=padding)
    wanted = np.maximum(wanted, 0) if relu else wanted
    assert np.abs(y - wanted).max() <= 1e-5 * np.abs(wanted).max()
    dy = rng.standard_normal(y.shape, dtype=np.float32)
    upstream = dy.astype(np.float64) * (y > 0 if relu else 1)
    found, right = kernel.backward(dy, cache), reference.backward(upstream, exact)
    for a, b in zip(found, right, strict=True):
        assert a.shape == b.shape
        assert np.abs(a - b).max() <= 3e-5 * np.abs(b).max()
    no_dx = kernel.backward(dy, cache, need_dx=False)
    assert no_dx[0] is None
    for a, b in zip(no_dx[1:], found[1:], strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("w", "options"),
    [
        ((3, 3, 32, 32), {"stride": 2}),
        ((3, 3, 32, 32), {"dilation": 2}),
        ((3, 3, 16, 32), {"groups": 2}),
        ((3, 3, 16, 32), {}),
        ((1, 1, 32, 32), {}),
        ((3, 5, 32, 32), {}),
    ],
)
def test_what_it_does_not_suit(w, options):
    groups = options.pop("groups", 1)
    windows = Windows.over((12, 12), w[:2], padding=1, **options)
    assert winograd_plan.choose_plan((2, 12, 12, w[2] * groups), w, windows, groups) is None


@pytest.mark.parametrize("r", [3, 5])
def test_some_images_at_a_time(r, monkeypatch):
    """Chunks of two images, and one of one, against all at once."""
    rng = np.random.default_rng(r)
    x, w, b = (rng.standard_normal(s, dtype=np.float32) for s in ((5, 9, 9, 32), (r, r, 32, 33), (33,)))
    dy = rng.standard_normal((5, 9, 9, 33), dtype=np.float32)

    def everything():
        y, cache = conv2d_relu.KERNEL.forward(x, w, b, padding=r // 2)
        return [y, *conv2d_relu.KERNEL.backward(dy, cache)], cache

    at_once, cache = everything()
    assert len(list(cache.plan.chunks())) == 1
    monkeypatch.setattr(winograd_plan, "VALUES", 1)
    monkeypatch.setattr(winograd_plan, "TILES", 2 * cache.plan.rows * cache.plan.columns)
    in_chunks, cache = everything()
    assert [images for images, _ in cache.plan.chunks()] == [slice(0, 1), slice(1, 3), slice(3, 5)]
    for a, b in zip(in_chunks, at_once, strict=True):
        assert np.abs(a - b).max() <= 1e-5 * np.abs(b).max()
