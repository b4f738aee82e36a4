"""The rectifier, kernel against the reference: the same to the bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from backhand.kernels.ops import relu
from backhand.ops import relu as reference
from tests.kernels.ops.beside_reference import compare_bits

SPECIAL = np.array([0, -0.0, np.nan, np.inf, -np.inf, 1e-40, -1e-40], np.float32)


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from([(1, 1), (3, 7), (5, 16), (2, 9, 9, 17), (4, 8, 8, 64), (0, 4)]),
    st.integers(0, 2**32),
    st.booleans(),
)
def test_both_directions(shape, seed, special):
    rng = np.random.default_rng(seed)
    x, dy = rng.standard_normal((2, *shape), dtype=np.float32)
    if special:
        x.flat[: SPECIAL.size], dy.flat[-SPECIAL.size :] = SPECIAL[: x.size], SPECIAL[-x.size :]
    with np.errstate(invalid="ignore"):  # infinity times 0
        compare_bits(relu, reference, x, dy)
