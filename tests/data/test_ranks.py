"""Trees get values as they are where float32 tells them apart, and ranks where it does not."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from backhand.data.ranks import Ranks

rng = np.random.default_rng(0)
y = rng.integers(0, 3, 300)
x = np.round(rng.normal(size=(300, 4)) + 0.3 * y[:, None], 1)
new = rng.normal(size=(500, 4)) * 1.5


@pytest.mark.parametrize("make", [DecisionTreeClassifier, RandomForestClassifier])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_learner_decides_as_one_on_the_values_themselves(make, dtype):
    ranks = Ranks.fit(x.astype(dtype))
    own = make(random_state=0).fit(ranks.transform(x.astype(dtype)), y)
    theirs = make(random_state=0).fit(x, y)
    np.testing.assert_array_equal(own.predict(ranks.transform(new)), theirs.predict(new))


@pytest.mark.filterwarnings("error")
def test_large_numbers_and_small_differences_stay_apart():
    """All four columns are too much for float32, or for the least difference that trees split at."""
    far = x * [1, 1e-9, 1e200, 1e-300] + [1.7e9, 1, 0, 0]
    places = [np.unique(column, return_inverse=True)[1] for column in x.T]
    ranks = Ranks.fit(far)
    np.testing.assert_array_equal(ranks.transform(far), np.stack(places, axis=1))
    own = DecisionTreeClassifier(random_state=0).fit(ranks.transform(far), y)
    theirs = DecisionTreeClassifier(random_state=0).fit(x, y)
    assert own.score(ranks.transform(far), y) == theirs.score(x, y) > 0.98


@pytest.mark.parametrize("sign", [1, -1])
def test_numbers_too_large_for_float32_get_ranks_on_either_side_of_zero(sign):
    [values] = Ranks.fit(sign * np.array([[1e200], [2e200]])).values
    assert sorted(values) == sorted([sign * 1e200, sign * 2e200])
    assert Ranks.fit(np.array([[0.5], [1e38]])).values == (None,)


def test_what_lies_between_and_beyond_the_training_samples():
    ranks = Ranks.fit(1e9 + np.array([[1.0, 0], [2, 0], [4, 0]]))
    np.testing.assert_array_equal(ranks.transform(1e9 + np.array([[0.0, 7], [3, 7], [9, 7]]))[:, 0], [0, 1.5, 2])
    assert ranks.values[1] is None  # which has one value, and stays as it is
    assert np.isfinite(Ranks.fit(x).transform(1e300 * x)).all()
