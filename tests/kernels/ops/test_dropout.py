"""Dropout, kernel against the reference: the same to the bit, the choice of values included."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from backhand.kernels.ops import dropout
from backhand.layers import Dropout
from backhand.ops import dropout as reference
from tests.kernels.ops.beside_reference import compare_bits

SHAPES = st.sampled_from([(1, 1), (3, 7), (5, 16), (2, 9, 9, 17), (4, 8, 8, 64), (0, 4)])
RATES = st.sampled_from([0.0, 0.2, 0.5, 0.9, 1 - 1e-12])


@settings(max_examples=50, deadline=None)
@given(SHAPES, RATES, st.integers(0, 2**64 - 1), st.sampled_from(dropout.reference.MODES), st.integers(0, 2**32))
def test_training_in_both_directions(shape, p, key, mode, seed):
    x, dy = np.random.default_rng(seed).standard_normal((2, *shape), dtype=np.float32)
    compare_bits(dropout, reference, x, dy, p=p, key=key, mode=mode)


@pytest.mark.parametrize("mode", reference.MODES)
@pytest.mark.parametrize("masked", [False, True])
def test_inference_and_a_mask_that_is_given(mode, masked):
    x, dy = np.random.default_rng(0).standard_normal((2, 5, 7), dtype=np.float32)
    mask = reference.draw_mask(x.shape, 0.3, 1) if masked else None
    y, cache = dropout.forward(x, p=0.3, mask=mask, mode=mode)
    right, factor = reference.forward(x, p=0.3, mask=mask, mode=mode)
    np.testing.assert_array_equal(y, right)
    np.testing.assert_array_equal(dropout.backward(dy, cache)[0], reference.backward(dy, factor)[0])


def test_what_is_not_finite_shows_also_where_it_is_dropped():
    x = np.full(1000, np.inf, np.float32)
    with np.errstate(invalid="ignore"):
        right = reference.forward(x, p=0.5, key=3)[0]
    np.testing.assert_array_equal(dropout.forward(x, p=0.5, key=3)[0], right)
    assert np.isnan(right).any()


def test_the_layer_drops_the_same_values_in_both_dtypes():
    single, double = (Dropout(0.4) for _ in range(2))
    x = np.ones((6, 50), np.float32)
    for dtype, layer in ((np.float32, single), (np.float64, double)):
        layer.build((50,), np.random.default_rng(0), dtype)
    y = [
        layer.forward(x.astype(dtype), train=True, rng=np.random.default_rng(7))
        for dtype, layer in ((np.float32, single), (np.float64, double))
    ]
    np.testing.assert_array_equal(y[0] == 0, y[1] == 0)


@pytest.mark.parametrize(
    "options",
    [{"p": 1.0}, {"p": 0.5, "mode": "reversed"}, {"p": 0.5, "mask": np.ones(3, bool)}, {"p": 0.5, "key": -1}],
)
def test_bad_arguments_are_refused(options):
    with pytest.raises(ValueError, match="dropout"):
        dropout.forward(np.zeros((2, 3), np.float32), **options)
