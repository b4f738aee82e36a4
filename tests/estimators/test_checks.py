"""Every check that scikit-learn has for estimators."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.utils.estimator_checks import parametrize_with_checks

from backhand.estimators import BackhandClassifier, BackhandRegressor

# The check compares to seven digits of a float64, and float32 rounds at the seventh: a sum of repeated samples rounds
# otherwise than their product with a weight. Whether the check passes in float32 depends on the processor.
EXCUSED = {"check_sample_weight_equivalence_on_dense_data": "float32 rounds at 1e-7, to which the check compares"}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(
    [BackhandClassifier(), BackhandRegressor()], expected_failed_checks=lambda estimator: EXCUSED, xfail_strict=False
)
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks([BackhandClassifier(dtype="float64"), BackhandRegressor(dtype="float64")])
def test_checks_of_scikit_learn_in_float64(estimator, check):
    check(estimator)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 2e-6), ("float64", 1e-13)])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"alpha": 10.0, "weight_decay": 0.1},
        {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.1},
        {"standardize": "global", "activation": "tanh"},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    ("estimator", "method"), [(BackhandClassifier, "predict_proba"), (BackhandRegressor, "predict")]
)
def test_a_weight_is_a_number_of_samples(estimator, method, options, dtype, tolerance):
    rng = np.random.default_rng(0)
    x, y, weights = rng.random((30, 15)), rng.integers(0, 3, 30), rng.integers(0, 5, 30)
    x[:, 0] = np.arange(30) == 3  # a rare value, by which the scale has a floor
    network = estimator(max_iter=20, tol=0, random_state=0, dtype=dtype, **options)
    answers = getattr(network.fit(x, y, sample_weight=weights), method)(x)
    repeated = getattr(network.fit(x.repeat(weights, axis=0), y.repeat(weights)), method)(x)
    assert_allclose(answers, repeated, rtol=0, atol=tolerance)
    unweighted = getattr(network.fit(x, y), method)(x)
    assert np.abs(answers - unweighted).max() > 1e-3
    equal = getattr(network.fit(x, y, sample_weight=np.full(30, 3)), method)(x)
    assert_allclose(equal, getattr(network.fit(x.repeat(3, axis=0), y.repeat(3)), method)(x), rtol=0, atol=tolerance)


def test_balanced_classes_count_samples_by_their_weights():
    rng = np.random.default_rng(0)
    x, y, weights = rng.random((30, 4)), rng.integers(0, 3, 30), rng.integers(1, 5, 30)
    network = BackhandClassifier(class_weight="balanced", max_iter=20, tol=0, random_state=0, dtype="float64")
    weighted = network.fit(x, y, sample_weight=weights).predict_proba(x)
    repeated = network.fit(x.repeat(weights, axis=0), y.repeat(weights)).predict_proba(x)
    assert_allclose(weighted, repeated, rtol=0, atol=1e-13)
