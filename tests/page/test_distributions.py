"""The probabilities are those of SciPy."""

import numpy as np
import pytest
from scipy import special, stats

from backhand.page.distributions import (
    binomial_at_least,
    binomial_at_most,
    incomplete_beta,
    student_beyond,
    student_limit,
)

SHARES = 1e-6, 0.01, 0.1, 1 / 3, 0.5, 0.9, 0.999


@pytest.mark.parametrize(
    ("n", "tolerance"),
    [*((n, 5e-9) for n in (1, 2, 7, 40, 999, 10_000, 200_000, 10**6)), (10**8, 1e-6), (10**9, 1e-5)],
)
@pytest.mark.parametrize("share", SHARES)
def test_binomial(n, tolerance, share):
    deviation = np.sqrt(n * share * (1 - share))
    counts = {0, 1, n - 1, n, *np.clip(np.rint(n * share + deviation * np.arange(-8, 9)), 0, n).astype(int).tolist()}
    for count in counts:
        expected = stats.binom.cdf(count, n, share), stats.binom.sf(count - 1, n, share)
        found = binomial_at_most(count, n, share), binomial_at_least(count, n, share)
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=1e-290)


def test_binomial_beyond_its_ends():
    assert [binomial_at_most(count, 5, 0.3) for count in (-1, 5, 6)] == [0, 1, 1]
    assert [binomial_at_least(count, 5, 0.3) for count in (-1, 0, 6)] == [1, 1, 0]
    assert [binomial_at_most(2, 5, share) for share in (0, 1)] == [1, 0]
    assert [binomial_at_least(2, 5, share) for share in (0, 1)] == [0, 1]


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 9, 29, 500])
def test_student(freedom):
    t = np.array([0, 1e-9, 0.1, 0.5, 1, 2, 2.3, 5, 12, 80, 1e6])
    found = [student_beyond(value, freedom) for value in t]
    np.testing.assert_allclose(found, 2 * stats.t.sf(t, freedom), rtol=2e-9, atol=1e-290)
    assert found == [student_beyond(-value, freedom) for value in t]


@pytest.mark.parametrize("freedom", [1, 2, 4, 9, 29, 500])
@pytest.mark.parametrize("share", [0.5, 0.1, 0.05, 0.01, 1e-6])
def test_the_limits_of_student(freedom, share):
    assert student_limit(share, freedom) == pytest.approx(stats.t.ppf(1 - share / 2, freedom), rel=1e-9)


def test_the_incomplete_beta_function():
    rng = np.random.default_rng(0)
    for x, a, b in zip(rng.random(500), 10 ** rng.uniform(-1, 4, 500), 10 ** rng.uniform(-1, 4, 500), strict=True):
        assert incomplete_beta(x, a, b) == pytest.approx(special.betainc(a, b, x), rel=1e-9, abs=1e-290)
    assert [incomplete_beta(x, 2, 3) for x in (0, 1)] == [0, 1]
