"""The affine map, one and several at once, kernel against the reference in float64."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from backhand.kernels.ops import linear, linear_relu
from backhand.ops import linear as linear_reference
from backhand.precision import PRECISIONS
from tests.kernels.ops.beside_reference import channels, compare, draw


@settings(max_examples=60, deadline=None)
@given(
    N=st.sampled_from([1, 2, 33, 600]),
    I=st.sampled_from([1, 7, 16, 65]),
    O=channels,
    relu=st.booleans(),
    precision=st.sampled_from(PRECISIONS),
)
def test_affine_map(N, I, O, relu, precision):
    """Products of little work, which NumPy computes, and larger ones."""
    rng = np.random.default_rng(0)
    arrays = [draw(rng, N, I), draw(rng, I, O), draw(rng, O)]
    kernel = (linear_relu if relu else linear).KERNEL
    compare(kernel, linear_reference, arrays, relu, precision=precision)
    compare(replace(kernel, forward=kernel.training), linear_reference, arrays, relu, precision=precision)


def test_at_inference_a_row_is_the_same_among_other_rows():
    rng = np.random.default_rng(0)
    x, w, b = draw(rng, 60, 10), draw(rng, 10, 50), draw(rng, 50)
    whole = linear.KERNEL.forward(x, w, b)[0]
    np.testing.assert_array_equal(whole[7:9], linear.KERNEL.forward(x[7:9], w, b)[0])


@settings(max_examples=60, deadline=None)
@given(
    S=st.sampled_from([1, 2, 3, 9]),
    N=st.sampled_from([1, 5, 33]),
    I=st.sampled_from([1, 16, 65]),
    O=channels,
    relu=st.booleans(),
    shared=st.booleans(),
    gap=st.sampled_from([0, 3]),
    precision=st.sampled_from(PRECISIONS),
)
def test_several_affine_maps_at_once(S, N, I, O, relu, shared, gap, precision):
    """Also where the maps lie apart in memory, as the rows of parameters of several models do, and x serves all."""
    rng = np.random.default_rng(0)
    rows = draw(rng, S, I * O + O + gap)
    w, b = rows[:, : I * O].reshape(S, I, O), rows[:, I * O : I * O + O]
    x = draw(rng, N, I) if shared else draw(rng, S, N, I)
    compare((linear_relu if relu else linear).KERNEL, linear_reference, [x, w, b], relu, precision=precision)
    into = np.full_like(rows, np.nan)
    grads = into[:, : I * O].reshape(S, I, O), into[:, I * O : I * O + O]
    y, cache = linear.forward(x, w, b)
    wanted = linear.backward(y, cache)[1:]
    linear.backward(y, cache, grads=grads)
    for found, right in zip(grads, wanted, strict=True):
        np.testing.assert_array_equal(found, right)
