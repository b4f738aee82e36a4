"""Rows copied and blocks transposed by vectors."""

import numpy as np
import pytest

pytest.importorskip("numba")

from numba import njit

from backhand.kernels.simd import ROWS, W, copy_vectors, transpose


@njit
def copied(V, source, goal, lanes):
    copy_vectors(V, goal.ctypes.data, source.ctypes.data, lanes)


@njit
def transposed(source, goal, rows, columns):
    transpose(goal.ctypes.data, goal.shape[1], source.ctypes.data, source.shape[1], rows, columns)


@pytest.mark.parametrize("V", ROWS)
@pytest.mark.parametrize("lanes", [1, W])
def test_rows_are_copied_with_zeros_behind_the_last_lane(V, lanes):
    source, goal = np.arange(1, V * W + 1, dtype=np.float32), np.full((V + 1) * W, -1, np.float32)
    copied(V, source, goal, lanes)
    length = (V - 1) * W + lanes
    np.testing.assert_array_equal(goal, [*source[:length], *np.zeros(V * W - length), *np.full(W, -1)])


@pytest.mark.parametrize(("rows", "columns"), [(W, W), (1, W), (W, 1), (3, 2), (W - 1, W - 1)])
def test_a_block_is_transposed_with_zeros_for_rows_that_do_not_exist(rows, columns):
    source = np.random.default_rng(0).standard_normal((W, W + 3), dtype=np.float32)
    goal = np.full((W, W + 5), -1, np.float32)
    transposed(source, goal, rows, columns)
    wanted = np.full_like(goal, -1)
    wanted[:columns, :W] = 0
    wanted[:columns, :rows] = source[:rows, :columns].T
    np.testing.assert_array_equal(goal, wanted)
