"""Calibration and ROC against values worked out by hand, and against random ones."""

import numpy as np
import pytest
from sklearn import metrics

from backhand.experiments.run.evidence import Evidence
from backhand.experiments.run.evidence_groups import Predictions
from backhand.experiments.run.report.scores import calibration, roc


def evidence(probabilities, labels):
    return Evidence(predictions=Predictions(np.array(probabilities, np.float32), np.array(labels)))


def test_calibration_error_by_hand():
    # Two samples at 0.9, one of them right; two at 0.6, both right: (2/4)|0.5 - 0.9| + (2/4)|1 - 0.6| = 0.4
    bins = calibration(evidence([[0.9, 0.1], [0.1, 0.9], [0.6, 0.4], [0.6, 0.4]], [0, 0, 0, 0]))
    assert bins.error == pytest.approx(0.4, abs=1e-6)
    assert bins.mean_confidence == pytest.approx(0.75, abs=1e-6)
    assert bins.mean_accuracy == 0.75
    assert bins.counts.sum() == 4
    assert np.count_nonzero(bins.counts) == 2


def test_calibrated_probabilities_have_a_small_error():
    rng = np.random.default_rng(0)
    p = rng.uniform(0.5, 1.0, 200_000)
    right = rng.uniform(size=p.size) < p
    both = np.stack([p, 1 - p], axis=1)
    assert calibration(evidence(both, np.where(right, 0, 1))).error < 0.005
    assert calibration(evidence(both, np.zeros(p.size, int))).error == pytest.approx(0.25, abs=0.005)


def test_confidences_at_the_ends_fall_into_bins():
    bins = calibration(evidence([[1.0, 0.0], [0.5, 0.5]], [0, 0]))
    assert bins.counts[-1] == 1
    assert bins.counts.sum() == 2


def test_area_under_the_curve_counts_ordered_pairs():
    # Positives score 0.9, 0.4; negatives 0.6, 0.1: three of four pairs are in order.
    curve = roc(evidence([[0.1, 0.9], [0.6, 0.4], [0.4, 0.6], [0.9, 0.1]], [1, 1, 0, 0]))
    assert curve.area == pytest.approx(0.75)


@pytest.mark.parametrize("digits", [1, 2, 8])
def test_the_curve_is_that_of_scikit_learn(digits):
    """Also where probabilities are equal, as many of those with few digits are."""
    rng = np.random.default_rng(digits)
    for count in (2, 5, 40, 1000):
        labels = rng.permutation(np.arange(count) % 2)
        positive = np.round((rng.random(count) + 0.5 * labels) / 1.5, digits).astype(np.float32)
        curve = roc(evidence(np.stack([1 - positive, positive], axis=1), labels))
        false_positive, true_positive, _ = metrics.roc_curve(labels, positive, drop_intermediate=False)
        points = list(zip(false_positive.tolist(), true_positive.tolist(), strict=True))
        ours = list(zip(curve.false_positive.tolist(), curve.true_positive.tolist(), strict=True))
        assert set(ours) <= set(points)
        assert ours == [point for point in points if point in ours]  # in order; those on straight lines are left out
        assert (ours[0], ours[-1]) == ((0, 0), (1, 1))
        assert curve.area == pytest.approx(metrics.roc_auc_score(labels, positive), rel=1e-12)


def test_no_curve_without_two_classes_that_occur():
    assert roc(evidence([[0.2, 0.8], [0.3, 0.7]], [1, 1])) is None
    assert roc(evidence([[0.2, 0.7, 0.1], [0.3, 0.6, 0.1]], [0, 1])) is None
    assert roc(Evidence()) is None
    assert calibration(Evidence()) is None
