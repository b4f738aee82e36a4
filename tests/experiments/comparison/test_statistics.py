"""The tests of a comparison against figures worked out by hand and by SciPy."""

from math import sqrt

import numpy as np
import pytest
from scipy import stats

from backhand.experiments.comparison.statistics import corrected_t, holm, mcnemar


def test_the_corrected_test_by_hand():
    """Mean 2, variance 1, three folds: t = 2 / sqrt(1/3 + 1/2); with 2 degrees of freedom p = 1 - t/sqrt(2 + t²)."""
    difference = corrected_t([1, 2, 3])
    t = 2 / sqrt(5 / 6)
    assert difference.mean == 2
    assert difference.p == pytest.approx(1 - t / sqrt(2 + t * t))
    assert difference.interval == pytest.approx([2 - 4.302652730 * sqrt(5 / 6), 2 + 4.302652730 * sqrt(5 / 6)])


def test_the_correction_is_all_that_tells_it_from_the_usual_paired_test(rng):
    a, b = rng.normal(0.1, 0.02, (2, 10))
    usual, corrected = stats.ttest_rel(a, b), corrected_t(a - b)
    ratio = sqrt((1 / 10 + 1 / 9) / (1 / 10))
    assert corrected.p == pytest.approx(2 * stats.t.sf(abs(usual.statistic) / ratio, 9))
    usual_low, usual_high = usual.confidence_interval(0.95)
    assert np.ptp(corrected.interval) == pytest.approx(ratio * (usual_high - usual_low))
    assert corrected_t(b - a).p == pytest.approx(corrected.p)


def test_p_and_interval_agree(rng):
    for _ in range(50):
        difference = corrected_t(rng.normal(0.02, 0.03, 5))
        assert (difference.p < 0.05) == (difference.interval[0] > 0 or difference.interval[1] < 0)


def test_folds_that_all_differ_alike_show_nothing():
    """Two small folds in which one learner is wrong once more each are no evidence."""
    for differences in ([0.0, 0.0, 0.0], [0.1, 0.1], [1 / 3, 2 / 3 - 1 / 3, 1 - 2 / 3]):
        difference = corrected_t(differences)
        assert (difference.p, difference.interval) == (1.0, None)


def test_it_rarely_finds_a_difference_where_there_is_none(rng):
    """Cross-validated differences of zero mean, correlated by ρ = n_test / n: the correction keeps the level."""
    k, trials = 10, 2000
    shared = rng.normal(size=(trials, 1))
    differences = sqrt(1 / k) * shared + sqrt(1 - 1 / k) * rng.normal(size=(trials, k))
    corrected = np.mean([corrected_t(row).p < 0.05 for row in differences])
    usual = np.mean(stats.ttest_1samp(differences, 0, axis=1).pvalue < 0.05)
    assert usual > 0.1
    assert corrected == pytest.approx(0.05, abs=0.02)


@pytest.mark.parametrize(("alone", "p"), [((0, 0), 1.0), ((5, 5), 1.0), ((0, 5), 2 / 32), ((6, 0), 2 / 64)])
def test_mcnemar_by_hand(alone, p):
    assert mcnemar(*alone) == pytest.approx(p)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])
    assert holm([0.02]) == [0.02]
