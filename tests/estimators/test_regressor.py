"""The regressor: its units, several targets, losses, weights, and its place in scikit-learn."""

import numpy as np
import pytest
from sklearn.datasets import make_regression
from sklearn.model_selection import GridSearchCV, cross_val_score

import backhand as bh
from backhand.estimators import BackhandRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module")
def plane():
    X, y = make_regression(200, 5, noise=5, random_state=0)
    return X, 1e4 + 100 * y


def small(**options):
    return BackhandRegressor(**{"hidden_layer_sizes": (16,), "max_iter": 100, "random_state": 0} | options)


@pytest.mark.parametrize(
    "options", [{}, {"loss": "huber"}, {"loss": "absolute_error"}, {"early_stopping": True}], ids=str
)
def test_predictions_are_in_the_units_of_the_targets(plane, options):
    X, y = plane
    fitted = small(learning_rate_init=0.02, **options).fit(X, y)
    assert fitted.score(X, y) > 0.95
    assert fitted.predict(X).shape == (200,)
    assert 5e3 < fitted.predict(X).mean() < 1.5e4


def test_targets_may_stay_as_they_are(plane):
    X, y = plane
    raw = small(standardize_target=False, learning_rate_init=0.02).fit(X, y / 1e5)
    assert raw.predictor_.loss.scale == ()
    assert raw.score(X, y / 1e5) > 0.8


def test_several_targets(plane):
    X, y = plane
    both = np.stack([y, -0.001 * y], axis=1)
    fitted = small(learning_rate_init=0.02).fit(X, both)
    assert fitted.predict(X).shape == (200, 2)
    assert fitted.score(X, both) > 0.95
    assert fitted.n_outputs_ == 2
    with pytest.raises(ValueError, match="y has 1 targets now and had 2"):
        fitted.partial_fit(X, y)


def test_a_single_column_stays_a_column(plane):
    X, y = plane
    assert small().fit(X, y[:, None]).predict(X).shape == (200, 1)


def test_sample_weights_pull(rng):
    X, y = 0.01 * rng.standard_normal((100, 1)), np.repeat([0.0, 10.0], 50)
    constant = small(hidden_layer_sizes=(), learning_rate_init=0.05, max_iter=400, tol=-1)
    weighted = constant.fit(X, y, sample_weight=np.repeat([1.0, 9.0], 50))
    assert weighted.predict(X).mean() == pytest.approx(9, abs=0.2)


def test_partial_fits_keep_the_first_scale(plane):
    X, y = plane
    fitted = small(learning_rate_init=0.02)
    for _ in range(60):
        fitted.partial_fit(X[:100], y[:100])
        fitted.partial_fit(X[100:], y[100:])
    assert fitted.score(X, y) > 0.95


def test_searches_and_saving(plane, tmp_path):
    X, y = plane
    assert cross_val_score(small(learning_rate_init=0.02), X, y, cv=3).mean() > 0.8
    search = GridSearchCV(small(), {"learning_rate_init": [1e-5, 0.02]}, cv=2, n_jobs=2).fit(X, y)
    assert search.best_params_ == {"learning_rate_init": 0.02}
    search.best_estimator_.save(tmp_path / "model.safetensors")
    predictor = bh.load_model(tmp_path / "model.safetensors")
    np.testing.assert_allclose(predictor.predict(X)[:, 0], search.predict(X), rtol=1e-6)


@pytest.mark.parametrize(
    ("y", "said"),
    [
        (["a", "b"] * 100, "y has text, and a regression needs numbers"),
        (None, "requires y to be passed"),
        ([np.nan] + [1.0] * 199, "Input y contains NaN"),
        ([1.0] * 10, "inconsistent numbers of samples"),
    ],
)
def test_wrong_targets_are_refused(plane, y, said):
    with pytest.raises(ValueError, match=said):
        small().fit(plane[0], y)
