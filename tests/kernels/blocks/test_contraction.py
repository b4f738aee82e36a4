"""The contraction, against NumPy in float64."""

import numpy as np
import pytest

pytest.importorskip("numba")

from backhand.kernels.blocks.contraction import Left, Result, Right, contract
from backhand.kernels.blocks.tables import steps, table


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
    np.testing.assert_allclose(y, wanted, rtol=0, atol=2e-6 * np.abs(wanted).max())


@pytest.mark.parametrize("N", [10, 20, 80])
def test_only_the_columns_asked_for_are_written(N):
    x, w = np.ones((6, 4), np.float32), np.ones((4, N), np.float32)
    y = np.full((6, N + 9), 7, np.float32)
    contract(Left(x, steps(6, 4), steps(4, 1)), Right(w, steps(4, N)), Result(y, steps(6, N + 9), N))
    assert (y[:, :N] == 4).all()
    assert (y[:, N:] == 7).all()
