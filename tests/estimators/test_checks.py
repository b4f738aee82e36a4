"""Every check that scikit-learn has for estimators."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from backhand.estimators import BackhandClassifier, BackhandRegressor

# The check compares to seven digits, and in mini-batches a sample of weight 2 is one draw rather than two: scikit-learn
# excuses its own SGDClassifier and Perceptron in the same words.
EXCUSED = {
    "check_sample_weight_equivalence_on_dense_data": "sample_weight is not equivalent to removing/repeating samples."
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks([BackhandClassifier(), BackhandRegressor()], expected_failed_checks=lambda estimator: EXCUSED)
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)
