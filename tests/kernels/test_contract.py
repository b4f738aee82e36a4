"""The contraction, against NumPy in float64."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from backhand.kernels.blocks.contraction import Left, Result, Right, contract
from backhand.kernels.blocks.matrix_product import multiply
from backhand.kernels.blocks.tables import steps, table
from backhand.kernels.blocks.tiling import BY_COLUMNS, choose_plan, panels
from backhand.kernels.simd import ACCUMULATE, RELU, W

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


def test_tables_may_lead_anywhere():
    rng = np.random.default_rng(1)
    x, w = rng.standard_normal(500, dtype=np.float32), rng.standard_normal(900, dtype=np.float32)
    rows, taps = rng.integers(0, 250, 37), rng.integers(0, 250, 21)
    wrows, out = rng.integers(0, 800, 21), rng.permutation(40)[:37].astype(np.int64) * 25
    y = np.zeros(1000, np.float32)
    contract(Left(x, table(rows), table(taps)), Right(w, table(wrows)), Result(y, table(out), 20))
    wanted = np.zeros(1000)
    for m in range(37):
        for n in range(20):
            wanted[out[m] + n] = sum(float(x[rows[m] + taps[k]]) * float(w[wrows[k] + n]) for k in range(21))
    close(y, wanted)


@pytest.mark.parametrize("N", [10, 20, 80])
def test_only_the_columns_asked_for_are_written(N):
    x, w = np.ones((6, 4), np.float32), np.ones((4, N), np.float32)
    y = np.full((6, N + 9), 7, np.float32)
    contract(Left(x, steps(6, 4), steps(4, 1)), Right(w, steps(4, N)), Result(y, steps(6, N + 9), N))
    assert (y[:, :N] == 4).all()
    assert (y[:, N:] == 7).all()


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


@given(N=st.integers(1, 3000))
def test_panels_cover_the_columns_and_are_about_equally_wide(N):
    widths = panels(N)
    assert sum(widths) == -(-N // W)
    assert max(widths) - min(widths) <= 1


@given(M=st.integers(1, 5000), N=st.integers(1, 3000), threads=st.integers(1, 8))
@settings(max_examples=50, deadline=None)
def test_a_plan_has_room_for_what_each_shard_copies(M, N, threads):
    plan = choose_plan(M, N, 1, threads)
    shards, room = plan.scratch
    widths = plan.tiles[:, 1] * W
    cut = plan.shared == BY_COLUMNS
    bounds = [shard * len(widths) // shards for shard in range(shards + 1)] if cut else [0, len(widths)]
    assert max(widths[a:b].sum() for a, b in pairwise(bounds)) * plan.depth <= room


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
