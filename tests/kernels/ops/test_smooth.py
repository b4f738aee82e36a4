"""Smooth activations, kernel against the reference in float64."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from backhand.kernels.ops import gelu, silu
from backhand.ops import gelu as gelu_reference
from backhand.ops import silu as silu_reference
from tests.kernels.ops.beside_reference import compare

PAIRS = {"gelu": (gelu.KERNEL, gelu_reference), "silu": (silu.KERNEL, silu_reference)}


@pytest.mark.parametrize("name", PAIRS)
@settings(max_examples=30, deadline=None)
@given(
    shape=st.sampled_from([(1, 1), (3, 7), (5, 16), (2, 9, 9, 17), (4, 8, 8, 64), (0, 4)]),
    seed=st.integers(0, 2**32),
    size=st.sampled_from([0.1, 3.0, 40.0]),
)
def test_both_directions(name, shape, seed, size):
    kernel, reference = PAIRS[name]
    x = size * np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)
    if x.size:
        compare(kernel, reference, [x.astype(np.float32)], relu=False)
    else:
        assert kernel.forward(x)[0].shape == shape


@pytest.mark.parametrize("name", PAIRS)
def test_large_values_pass_small_ones_vanish_and_nan_stays(name):
    x = np.float32([0, -0.0, np.inf, 1e30, 200, -200, -1e30, np.nan])
    y, slopes = PAIRS[name][0].forward(x)
    np.testing.assert_array_equal(y, np.float32([0, 0, np.inf, 1e30, 200, 0, 0, np.nan]))
    finite = ~np.isinf(x)
    np.testing.assert_allclose(slopes[finite], [0.5, 0.5, 1, 1, 0, 0, np.nan], atol=1e-6)
