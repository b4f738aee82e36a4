"""Products of matrices, one and several at once, against NumPy in float64."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from backhand.kernels.blocks.matrix_product import multiply
from backhand.kernels.simd import ACCUMULATE, RELU

sizes = st.sampled_from([1, 2, 3, 7, 15, 16, 17, 31, 33, 64, 80, 100, 129])


def close(found, wanted):
    np.testing.assert_allclose(found, wanted, rtol=0, atol=2e-6 * max(1, np.abs(wanted).max()))


@settings(max_examples=60, deadline=None)
@given(
    M=sizes,
    K=sizes,
    N=sizes,
    left_transposed=st.booleans(),
    right_transposed=st.booleans(),
    bias=st.booleans(),
    mode=st.sampled_from([0, RELU, ACCUMULATE]),
)
def test_a_matrix_product(M, K, N, left_transposed, right_transposed, bias, mode):
    rng = np.random.default_rng([M, K, N])
    x = rng.standard_normal((M, K), dtype=np.float32)
    w = rng.standard_normal((N, K) if right_transposed else (K, N), dtype=np.float32)
    b = rng.standard_normal(N, dtype=np.float32) if bias and mode != ACCUMULATE else None
    y = rng.standard_normal((M, N), dtype=np.float32)
    wanted = x.astype(np.float64) @ (w.T if right_transposed else w)
    if b is not None:
        wanted += b
    if mode == ACCUMULATE:
        wanted += y
    elif mode == RELU:
        wanted = np.maximum(wanted, 0)
    if left_transposed:
        x = np.ascontiguousarray(x.T)
    multiply(x, w, y, transpose_x=left_transposed, transpose_w=right_transposed, bias=b, mode=mode)
    close(y, wanted)


@pytest.mark.parametrize(("M", "K", "N"), [(3, 2000, 40), (2000, 700, 130), (40, 900, 700), (1600, 5, 260)])
def test_deep_wide_and_tall_products_are_cut_up_and_put_together(M, K, N):
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((M, K), dtype=np.float32), rng.standard_normal((K, N), dtype=np.float32)
    y = np.full((M, N), np.nan, np.float32)
    multiply(x, w, y)
    wanted = x.astype(np.float64) @ w
    np.testing.assert_allclose(y, wanted, rtol=0, atol=2e-6 * np.abs(wanted).max())


def test_nan_and_infinity_pass_also_through_relu():
    x = np.array([[np.nan], [np.inf], [-np.inf], [-1]], np.float32)
    y = np.empty((4, 1), np.float32)
    multiply(x, np.ones((1, 1), np.float32), y, mode=RELU)
    np.testing.assert_array_equal(y[:, 0], [np.nan, np.inf, 0, 0])


def test_denormal_numbers_count_as_zero_in_kernels_and_not_outside():
    tiny = np.float32(1e-40)
    y = np.empty((1, 1), np.float32)
    multiply(np.full((1, 1), tiny), np.ones((1, 1), np.float32), y)
    assert y[0, 0] == 0
    assert np.full(3, tiny).sum() > 0


def test_equal_bits_from_run_to_run():
    rng = np.random.default_rng(2)
    x, w = rng.standard_normal((300, 500), dtype=np.float32), rng.standard_normal((500, 200), dtype=np.float32)
    found = [np.empty((300, 200), np.float32) for _ in range(3)]
    for y in found:
        multiply(x, w, y)
    assert found[0].tobytes() == found[1].tobytes() == found[2].tobytes()


@pytest.mark.parametrize("count", [1, 2, 5])
def test_several_products_at_once(count):
    rng = np.random.default_rng(3)
    x, w = rng.standard_normal((count, 9, 30), dtype=np.float32), rng.standard_normal((count, 30, 20), dtype=np.float32)
    y, bias = np.empty((count, 9, 20), np.float32), rng.standard_normal((count, 20), dtype=np.float32)
    multiply(x, w, y)
    close(y, x.astype(np.float64) @ w)
    multiply(x, w, y, bias=bias)
    close(y, x.astype(np.float64) @ w + bias[:, None])
    multiply(x[0], w, y)
    close(y, x[0].astype(np.float64) @ w)


def test_matrices_of_a_stack_may_be_far_apart():
    rng = np.random.default_rng(4)
    memory = rng.standard_normal((3, 1000), dtype=np.float32)
    w = memory[:, 7:607].reshape(3, 30, 20)
    assert np.shares_memory(w, memory)
    x, y = rng.standard_normal((3, 9, 30), dtype=np.float32), np.empty((3, 9, 20), np.float32)
    multiply(x, w, y)
    close(y, x.astype(np.float64) @ w)
