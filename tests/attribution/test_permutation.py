"""Permutation importance: what it is where it is known, and that features do not disturb each other."""

import numpy as np
import pytest

from backhand.attribution import permutation_importance
from backhand.errors import DataError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 4))
Y = 2 * X[:, 0] - X[:, 2]


def fit(x):
    """Minus the mean squared error of the true rule."""
    return -float(np.mean((2 * x[:, 0] - x[:, 2] - Y) ** 2))


def test_a_feature_that_is_not_used_has_none():
    importance = permutation_importance(fit, X, repeats=5)
    assert importance.shape == (4, 5)
    assert (importance[[1, 3]] == 0).all()


def test_of_a_linear_rule_it_is_twice_the_squared_weight_times_the_variance():
    mean = permutation_importance(fit, X, repeats=60).mean(axis=1)
    np.testing.assert_allclose(mean[[0, 2]], 2 * np.array([4, 1]) * X[:, [0, 2]].var(axis=0), rtol=0.05)


def test_columns_of_one_group_are_shuffled_together():
    x = np.concatenate([X[:, :1], -X[:, :1], X[:, 1:2]], axis=1)

    def together(x):
        return -float(np.mean(np.abs(x[:, 0] + x[:, 1])))

    assert permutation_importance(together, x, repeats=3)[:2].min() > 0.5
    assert (permutation_importance(together, x, groups=[[0, 1], [2]], repeats=3) == 0).all()


def test_each_feature_has_its_own_stream_and_the_table_stays():
    before = X.copy()
    whole = permutation_importance(fit, X, repeats=3, seed=4)
    np.testing.assert_array_equal(permutation_importance(fit, X, groups=[[0]], repeats=3, seed=4)[0], whole[0])
    np.testing.assert_array_equal(X, before)


def test_what_is_no_table_is_refused():
    with pytest.raises(DataError, match=r"a table \(N, F\) of two rows or more"):
        permutation_importance(fit, np.zeros((5, 2, 2, 1)))
    for group in ([0, 4], [-1], [0.5]):
        with pytest.raises(DataError, match=rf"x has the columns 0 to 3, and a group names the column {group[-1]}$"):
            permutation_importance(fit, X, groups=[[0], group])
    with pytest.raises(DataError, match="1 repeat or more"):
        permutation_importance(fit, X, repeats=0)
