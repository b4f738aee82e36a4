"""The matrices of minimal filtering, in exact fractions."""

from fractions import Fraction

import numpy as np
import pytest

pytest.importorskip("numba")

from backhand.kernels.cook_toom import FILTER, INPUT, INPUT_GRADIENT, OUTPUT, matrix


@pytest.mark.parametrize(("m", "r"), [(2, 3), (3, 3), (4, 3), (2, 5), (4, 5), (1, 3), (4, 1)])
def test_few_multiplications_give_a_convolution(m, r):
    B, G, A = (np.array([list(map(Fraction, row)) for row in matrix(kind, m, r)]) for kind in (INPUT, FILTER, OUTPUT))
    rng = np.random.default_rng(0)
    d, g = rng.standard_normal(m + r - 1), rng.standard_normal(r)
    y = A.astype(float) @ ((G.astype(float) @ g) * (B.astype(float) @ d))
    np.testing.assert_allclose(y, np.correlate(d, g, "valid"), atol=1e-14)
    assert matrix(INPUT_GRADIENT, m, r) == tuple(zip(*matrix(INPUT, m, r), strict=True))
