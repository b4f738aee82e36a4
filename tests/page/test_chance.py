"""What may be chance, against SciPy and against draws that are nothing but chance."""

import numpy as np
import pytest
from scipy.stats import binomtest

from backhand.page.chance import differ, fewer_than_chance, more_than_chance, noise, trend, wilson


@pytest.mark.parametrize(("right", "count"), [(0, 5), (3, 5), (5, 5), (37, 360), (9_000, 10_000)])
def test_the_interval_of_a_share(right: int, count: int) -> None:
    exact = binomtest(right, count).proportion_ci(0.95, method="wilson")
    assert wilson(right, count) == pytest.approx((exact.low, exact.high), abs=1e-12)


def test_shares_that_differ_by_chance_alone_seldom_differ(rng) -> None:
    first, second = rng.binomial(200, 0.7, 2000) / 200, rng.binomial(500, 0.7, 2000) / 500
    share = np.mean([differ(a, 200, b, 500) for a, b in zip(first, second, strict=True)])
    assert 0.03 < share < 0.07
    assert differ(0.7, 2000, 0.75, 2000)
    assert not differ(0.7, 200, 0.75, 200)


def test_the_largest_of_many_counts_is_seldom_more_than_chance(rng) -> None:
    draws = rng.multinomial(30, np.full(20, 0.05), 1000)
    assert np.mean([more_than_chance(int(draw.max()), 30, 0.05, tries=20) for draw in draws]) < 0.05
    assert more_than_chance(8, 30, 0.05, tries=20)
    draws = rng.binomial(40, 0.8, (1000, 10))
    assert np.mean([fewer_than_chance(int(draw.min()), 40, 0.8, tries=10) for draw in draws]) < 0.05
    assert fewer_than_chance(20, 40, 0.8, tries=10)


def test_the_noise_of_a_curve_is_what_its_trend_leaves(rng) -> None:
    epochs = np.arange(400)
    curve = 3 - 0.01 * epochs + rng.normal(0, 0.05, 400)
    assert noise(curve.tolist()) == pytest.approx(0.05 * np.sqrt(2), rel=0.15)
    assert noise([1.0, 0.5]) == noise([1.0]) == 0
    assert noise([5.0, 4.0, 3.0, 2.0]) == 0


@pytest.mark.parametrize(
    ("losses", "since", "samples", "moved"),
    [
        ([0.5723, 0.5726], 0, 5000, 0),  # what was once called overfitting
        ([0.6, 0.5723, 0.5724, 0.5725, 0.5726], 1, 10_000, 0),
        ([0.8, 0.9], 0, 200, 1),
        ([0.8, 0.9], 0, 50, 0),  # a standard error of 50 losses of about 0.8
        ([1.0, 0.5], 0, 200, -1),
        ([2.3, 1.5, 1.0, 0.8, 0.7, 0.65, 0.66, 0.7, 0.75, 0.8, 0.86, 0.92], 5, 5000, 1),
        ([0.60, 0.55, 0.58, 0.54, 0.59], 3, 5000, 0),  # it goes up and down as much
        ([0.5, 0.52, 0.56, 0.62, 0.70, 0.80], 0, 1000, 1),
    ],
)
def test_a_loss_has_moved_where_neither_noise_nor_the_samples_explain_it(losses, since, samples, moved) -> None:
    assert trend(losses, since, samples) == moved


def test_curves_of_noise_alone_seldom_rise(rng) -> None:
    rises = []
    for _ in range(300):
        losses = (0.5 + rng.normal(0, 0.05, 30)).tolist()
        rises.append(trend(losses, int(np.argmin(losses)), 10_000))
    assert np.mean(rises) < 0.1  # although the lowest of thirty lies low by chance, and the end does not
