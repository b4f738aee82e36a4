"""The sum of two branches, kernel against the reference: the same to the bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from backhand.kernels.ops import add, add_relu
from backhand.ops import add as reference
from backhand.ops import relu as relu_reference

shapes = st.sampled_from([(1, 1), (2, 3, 5, 7), (5, 8, 8, 16), (3, 9, 9, 17), (0, 4)])


@settings(max_examples=30, deadline=None)
@given(shape=shapes, relu=st.booleans(), special=st.sampled_from([0, np.nan, np.inf, -np.inf]))
def test_both_directions(shape, relu, special):
    a, b, dy = np.random.default_rng(0).standard_normal((3, *shape), dtype=np.float32)
    a[:1, :1] = special
    before = [each.copy() for each in (a, b, dy)]
    y, cache = (add_relu if relu else add).KERNEL.forward(a, b)
    wanted, _ = reference.forward(a, b)
    gradients = reference.backward(dy, None)
    if relu:
        wanted, positive = relu_reference.forward(wanted)
        gradients = relu_reference.backward(dy, positive) * 2
    np.testing.assert_array_equal(y, wanted)
    assert y.dtype == np.float32
    for found, right in zip(add.backward(dy, cache), gradients, strict=True):
        np.testing.assert_array_equal(found, right)
    for each, copy in zip((a, b, dy), before, strict=True):
        np.testing.assert_array_equal(each, copy)


def test_two_shapes_are_refused():
    with pytest.raises(ValueError, match="cannot be added"):
        add.forward(np.zeros((2, 3), np.float32), np.zeros((3, 2), np.float32))
