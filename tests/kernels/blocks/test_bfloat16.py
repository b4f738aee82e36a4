"""Arrays in bfloat16, and products of them, to the bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from backhand.arrays import bfloat16 as reference
from backhand.kernels.blocks.bfloat16 import paired, rounded
from backhand.kernels.blocks.matrix_product import multiply
from backhand.kernels.blocks.tables import NOTHING, count, in_pairs, steps, table

sizes = st.integers(1, 40)


def numbers(halves):
    return (halves.astype(np.uint32) << np.uint32(16)).view(np.float32)


@pytest.mark.parametrize("margins", [((0, 0), (0, 0)), ((1, 2), (3, 0)), ((0, 0), (0, 1))])
@pytest.mark.parametrize("channels", [1, 3, 16, 33])
def test_images_are_rounded_and_framed(margins, channels):
    x = np.random.default_rng(0).standard_normal((3, 5, 4, channels), dtype=np.float32)
    wanted = np.pad(reference.rounded(x), ((0, 0), *margins, (0, 0)))
    for _ in range(2):  # also in memory that has been used
        np.testing.assert_array_equal(numbers(rounded(x, margins)), wanted)


@pytest.mark.parametrize("distance", [1, 7, 34, 35])
def test_numbers_are_put_beside_those_behind_them(distance):
    x = rounded(np.random.default_rng(0).standard_normal((5, 7), dtype=np.float32))
    both = paired(x, distance)
    np.testing.assert_array_equal(both[..., 0], x)
    np.testing.assert_array_equal(both[..., 1].ravel(), [*x.ravel()[distance:], *[0] * distance])


def test_columns_without_a_neighbour_get_a_row_of_zeros():
    columns, rows = in_pairs(table(np.array([0, 1, 2, 10, 11, 20])), steps(6, 5), 1)
    assert columns[: count(columns)].tolist() == [0, 2, 10, 20]
    assert rows[: count(rows)].tolist() == [0, 5, 10, NOTHING, 15, 20, 25, NOTHING]


@settings(max_examples=60, deadline=None)
@given(M=sizes, N=st.sampled_from([1, 5, 16, 40, 100]), K=sizes, by_rows=st.booleans(), by_columns=st.booleans())
def test_products_are_those_of_the_instruction_to_the_bit(M, N, K, by_rows, by_columns):
    """One pair of k after the other, and in each the second number first."""
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((M, K), dtype=np.float32), rng.standard_normal((K, N), dtype=np.float32)
    wanted, rounded_x, rounded_w = np.zeros((M, N), np.float32), reference.rounded(x), reference.rounded(w)
    for k in (k for pair in range(0, K, 2) for k in (pair + 1, pair) if k < K):
        wanted = (rounded_x[:, k, None].astype(np.float64) * rounded_w[k] + wanted).astype(np.float32)
    left = paired(rounded(np.ascontiguousarray(x.T)), M) if by_columns else rounded(x)
    y = np.empty((M, N), np.float32)
    multiply(left, np.ascontiguousarray(w.T) if by_rows else w, y, transpose_x=by_columns, transpose_w=by_rows)
    np.testing.assert_array_equal(y, wanted)
