"""Every check that scikit-learn has for estimators."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.utils.estimator_checks import parametrize_with_checks

from backhand.estimators import BackhandClassifier, BackhandRegressor

# The scaling of samples and targets, and the penalty, count every sample once, whatever its weight. Without them, the
# answers agree to the rounding of float32, as the test below shows, and the check compares to seven digits.
EXCUSED = {
    "check_sample_weight_equivalence_on_dense_data": "sample_weight is not equivalent to removing/repeating samples."
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks([BackhandClassifier(), BackhandRegressor()], expected_failed_checks=lambda estimator: EXCUSED)
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    ("make", "method"),
    [
        (lambda: BackhandClassifier(max_iter=20, tol=0, standardize="none", alpha=0, random_state=0), "predict_proba"),
        (
            lambda: BackhandRegressor(
                max_iter=20, tol=0, standardize="none", alpha=0, standardize_target=False, random_state=0
            ),
            "predict",
        ),
    ],
)
def test_without_scaling_and_penalty_a_weight_is_a_number_of_samples(make, method):
    rng = np.random.default_rng(0)
    x, y, weights = rng.random((30, 15)), rng.integers(0, 3, 30), rng.integers(0, 5, 30)
    weighted = make().fit(x, y, sample_weight=weights)
    repeated = make().fit(x.repeat(weights, axis=0), y.repeat(weights))
    assert_allclose(getattr(weighted, method)(x), getattr(repeated, method)(x), rtol=0, atol=5e-6)
