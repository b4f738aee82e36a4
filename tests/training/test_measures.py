"""What is measured besides the loss, against scikit-learn, in batches of any size."""

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from backhand.training.measures import Hits, Residuals


@pytest.mark.parametrize("T", [1, 3])
@pytest.mark.parametrize("center", [0.0, 1e6])
def test_errors_of_a_regression_are_those_of_scikit_learn(T: int, center: float, rng: np.random.Generator) -> None:
    targets = center + rng.standard_normal((57, T))
    predictions = targets + 0.5 * rng.standard_normal((57, T))
    measures = Residuals()
    for part in np.split(np.arange(57), [1, 3, 40]):
        measures.add(predictions[part], targets[part])
    expected = {
        "rmse": root_mean_squared_error(targets, predictions),
        "mae": mean_absolute_error(targets, predictions),
        "r2": r2_score(targets, predictions),
    }
    assert measures.figures() == pytest.approx(expected, rel=1e-9)


def test_targets_may_have_no_column_of_their_own() -> None:
    measures = Residuals()
    measures.add(np.array([[1.0], [4.0]]), np.array([2.0, 2.0]))
    assert measures.figures()["mae"] == 1.5


def test_a_constant_target_has_no_r2() -> None:
    measures = Residuals()
    measures.add(np.array([[1.0], [3.0]]), np.array([[2.0], [2.0]]))
    assert np.isnan(measures.figures()["r2"])
    assert measures.figures()["rmse"] == 1


def test_a_mixed_image_belongs_to_its_largest_share() -> None:
    hits = Hits()
    hits.add(np.array([1, 0]), np.array([[0.3, 0.7], [0.4, 0.6]]))
    assert hits.figures() == {"accuracy": 0.5, "error": 0.5}


@pytest.mark.parametrize("kind", [Hits, Residuals])
def test_a_state_goes_on_as_the_original_would(kind, rng: np.random.Generator) -> None:
    labels = rng.integers(0, 3, 20) if kind is Hits else rng.standard_normal((20, 2))
    predictions = rng.integers(0, 3, 20) if kind is Hits else rng.standard_normal((20, 2))
    whole, first, second = kind(), kind(), kind()
    for measures, part in ((whole, slice(8)), (first, slice(8))):
        measures.add(predictions[part], labels[part])
    second.load(first.state())
    for measures in (whole, second):
        measures.add(predictions[8:], labels[8:])
    assert second.figures() == whole.figures()
