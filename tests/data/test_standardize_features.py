"""Features of every size and dtype, rare values and constants among them, against scikit-learn and formulas."""

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from backhand.data import Standardizer
from backhand.data.dataset import Dataset
from backhand.data.feed import Feed
from backhand.data.standardize import RARE_SHARE
from backhand.errors import DataError

rng = np.random.default_rng(0)
signal = rng.normal(size=(4000, 1))
LARGE = {
    "Unix seconds, an hour": 1.7e9 + 900 * signal,
    "nanoseconds": (1_700_000_000_000_000_000 + np.rint(1e9 * signal)).astype(np.int64),
    "dates with hours": 20240101 + rng.integers(0, 28, (4000, 1)) + rng.integers(0, 24, (4000, 1)) / 24,
    "metres of a map": 5_412_345.25 + 3 * signal,
    "unsigned": (2**62 + np.rint(1e12 * signal)).astype(np.uint64),
    "beyond float32": 1e39 * signal,
    "whose squares overflow": 1e200 * signal,
    "nearly the largest": 1.7e308 * np.linspace(-1, 1, 4000)[:, None],
    "whose squares vanish": 1e-200 * signal,
    "subnormal in float32": 1e-42 * signal,
    "half precision": (3 * signal).astype(np.float16),
    "extended precision": 1e9 + signal.astype(np.longdouble),
}


@pytest.mark.parametrize("name", LARGE)
@pytest.mark.filterwarnings("error")
def test_large_and_small_numbers_lose_nothing(name):
    x = LARGE[name]
    exact = x.astype(np.longdouble)
    unit = np.abs(exact).max()
    centred = exact / unit - (exact / unit).mean()
    z = Standardizer.fit(x, "feature").transform(x)
    assert z.dtype == np.float32
    np.testing.assert_allclose(z, (centred / centred.std()).astype(float), atol=2e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.int64, np.float16, np.uint64, bool])
@pytest.mark.parametrize("mode", ["none", "global", "feature"])
def test_a_feed_standardises_to_the_bit_as_the_reference(dtype, mode):
    x = rng.integers(0, 2, (60, 3)).astype(dtype)
    own = Feed(Dataset(x, np.zeros(60, np.int64)), Standardizer.fit(x, mode))
    index = np.array([3, 1, 59])
    np.testing.assert_array_equal(own.batch(index)[0], own.standardizer.transform(x[index]))


def test_large_numbers_come_through_a_feed():
    x = np.hstack([LARGE["Unix seconds, an hour"], LARGE["metres of a map"]])
    batch, _ = Feed(Dataset(x, np.zeros(4000, np.int64)), Standardizer.fit(x, "feature")).batch(slice(None))
    np.testing.assert_allclose(batch, StandardScaler().fit_transform(x), atol=1e-5)


@pytest.mark.parametrize("mode", ["none", "global"])
def test_one_mean_for_all_features_is_refused_where_it_would_round_one_away(mode):
    x = np.hstack([1.7e9 + 30 * signal, signal])
    with pytest.raises(DataError, match=rf'"{mode}" would round away .* column [01].* use "feature"'):
        Standardizer.fit(x, mode)
    Standardizer.fit(np.hstack([1e4 + signal, 1e4 - signal]), mode)
    with pytest.raises(DataError, match="would round away"):  # whatever the unit
        Standardizer.fit(1e-9 * x, mode)
    Standardizer.fit(np.hstack([signal, np.full_like(signal, 7.0)]), mode)  # where nothing varies, nothing is lost


@pytest.mark.parametrize("mean", [1e9, -1e9])
def test_one_mean_for_all_features_is_enough_where_they_share_it(mean):
    z = Standardizer.fit(mean + np.hstack([signal, -signal]), "global").transform(mean + np.hstack([signal, -signal]))
    np.testing.assert_allclose(z[:, :1], signal / signal.std(), atol=0.01)


def test_no_mode_none_for_what_float32_holds_as_it_is():
    x = (1.7e9 + 128 * rng.integers(0, 2, (100, 2))).astype(np.float32)
    np.testing.assert_array_equal(Standardizer.fit(x, "none").transform(x), x)


def test_ordinary_features_are_scaled_as_scikit_learn_does():
    """Heavy tails too: what is floored is a common value, not a long tail."""
    tails = [rng.standard_t(2, 3000), np.exp(2 * rng.normal(size=3000)), rng.exponential(size=3000)]
    counts = [rng.poisson(0.5, 3000), rng.random(3000) < 0.05, rng.integers(0, 2, 3000)]
    x = np.stack([*tails, *counts, 1e9 + rng.normal(size=3000)], axis=1)
    np.testing.assert_allclose(
        Standardizer.fit(x, "feature").transform(x), StandardScaler().fit_transform(x), atol=2e-5
    )


@pytest.mark.parametrize("n", [100, 1000, 100_000])
@pytest.mark.parametrize("unit", [1, 255, 1e-6, 1e9])
def test_one_departing_sample_does_not_outweigh_the_rest(n, unit):
    """At its deviation, unit √n / n, it would lie √n deviations away."""
    x = np.full((n, 1), 3.0 * unit)
    x[n // 3] += unit
    z = Standardizer.fit(x, "feature").transform(x)
    assert z.max() == pytest.approx(1 / RARE_SHARE**0.5, rel=2e-2)
    assert np.abs(np.delete(z, n // 3)).max() < 0.06


def test_rare_categories_keep_a_common_scale():
    """Departing values lie 5 deviations away where fewer than 4% of the samples have them, and less where more do."""
    counts = (1, 20, 200, 399, 401, 1000, 5000)
    x = np.zeros((10_000, len(counts)))
    for column, count in enumerate(counts):
        x[rng.permutation(10_000)[:count], column] = 1
    z = Standardizer.fit(x, "feature").transform(x)
    reach = [float(np.ptp(column)) for column in z.T]
    np.testing.assert_allclose(reach, [5, 5, 5, 5, 5.1, 10 / 3, 2], rtol=2e-2)


def test_four_percent_are_no_rare_category():
    x = (np.arange(10_000) < 400)[:, None].astype(float)
    assert np.ptp(Standardizer.fit(x, "feature").transform(x)) == pytest.approx(1 / (0.04 * 0.96) ** 0.5, rel=1e-5)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("unit", [1e-200, 1e200])
def test_one_mean_and_deviation_for_features_whose_squares_overflow_or_vanish(unit):
    x = unit * np.hstack([signal, -signal])
    assert Standardizer.fit(x, "global").transform(x).std() == pytest.approx(1, rel=1e-5)


CONSTANTS = {
    "zero": np.zeros(1000),
    "whole": np.full(1000, 7.0),
    "large": np.full(1000, 1.7e18),
    "huge": np.full(1000, -1e300),
    "rounded in float64": np.nextafter(0.3, np.where(signal[:1000, 0] > 0, 1, 0)),
    "rounded in float32": np.nextafter(np.float32(0.3), np.where(signal[:1000, 0] > 0, 1, 0).astype(np.float32)),
    "subnormal": np.full(1000, 5e-324),
}


@pytest.mark.parametrize("name", CONSTANTS)
def test_a_constant_feature_is_left_out(name):
    """In test samples it may be anything: no weight has learnt what that means."""
    x = np.stack([CONSTANTS[name], np.arange(1000).astype(CONSTANTS[name].dtype)], axis=1)
    own = Standardizer.fit(x, "feature")
    other = x.copy()
    other[:, 0] += 1000
    np.testing.assert_array_equal(own.transform(other)[:, 0], 0)
    assert own.transform(x)[:, 1].std() == pytest.approx(1, rel=1e-4)


@pytest.mark.parametrize("step", [1, 2])
def test_whole_numbers_are_no_rounding(step):
    x = (20240102 + step * rng.integers(0, 2, (500, 1))).astype(np.float32 if step == 2 else np.float64)
    assert Standardizer.fit(x, "feature").transform(x).std() == pytest.approx(1, rel=1e-4)


def test_a_common_value_may_be_rounded_too():
    x = 0.3 + 5e-17 * (rng.random((1000, 1)) < 0.5)
    x[5] = 1.3
    z = Standardizer.fit(x, "feature").transform(x)
    assert z[5] == pytest.approx(5, rel=2e-2)


def test_each_sample_and_each_feature_counts():
    """More samples than are looked at at once."""
    rounded = np.ones((3000, 1))
    rounded[:500] = np.nextafter(1, 2)  # whole numbers in the last part alone
    assert not Standardizer.fit(rounded, "feature").transform(rounded).any()
    whole = np.stack([2**23 + rng.integers(0, 2, 3000), rng.normal(size=3000)], axis=1).astype(np.float32)
    assert Standardizer.fit(whole, "feature").transform(whole)[:, 0].std() == pytest.approx(1, rel=1e-4)
    first = np.zeros((3000, 1))
    first[0] = 1
    assert Standardizer.fit(first, "feature").transform(first)[0] == pytest.approx(5, rel=1e-2)


def test_values_that_stay_too_large_are_refused_by_name():
    x = rng.normal(size=(3000, 2))
    far = x.copy()
    far[2500, 1] = -1e300
    with pytest.raises(DataError, match=r"row 0, column 0 of x_test is 1e\+300"):
        Standardizer.fit(x, "feature").refuse_overflow(np.array([[1e300, 0]]), "x_test")
    own = Standardizer.fit(x, "feature")
    own.refuse_overflow(x, "x")
    with pytest.raises(
        DataError, match=r"row 2500, column 1 of x_test is -1e\+300, too large .*; correct or remove it"
    ):
        own.refuse_overflow(far, "x_test")
    with pytest.raises(DataError, match='"feature", or correct it'):
        Standardizer.fit(x, "none").refuse_overflow(far, "x_test")
