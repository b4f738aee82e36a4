"""Single test samples far beyond those of the training do not make a training one that failed."""

import numpy as np
import pytest

from backhand.experiments.course import typical_loss
from backhand.training.evaluate import Evaluation
from backhand.training.losses import CLASSIFICATION, loss


def evaluation(own, scores):
    labels = np.arange(len(scores)) % 2
    return Evaluation(scores, labels, own.predict(scores), np.nan, own.measures())


@pytest.mark.parametrize("name", CLASSIFICATION)
@pytest.mark.parametrize("odd", [np.nan, np.inf, 1e30])
def test_a_single_odd_sample_leaves_the_typical_loss(name, odd, rng):
    own = loss(name)
    scores = rng.normal(size=(40, own.outputs(2))).astype(np.float32)
    usual = typical_loss(evaluation(own, scores), own)
    scores[7, 0] = odd
    assert typical_loss(evaluation(own, scores), own) == pytest.approx(usual, rel=0.2)


def test_large_scores_of_all_samples_do_not(rng):
    own = loss("softmax_cross_entropy")
    assert typical_loss(evaluation(own, rng.normal(size=(40, 2)) * 1e6), own) > 1e5
    assert np.isnan(typical_loss(evaluation(own, np.full((40, 2), np.nan)), own))
    assert typical_loss(evaluation(own, np.zeros((1, 2))), own) == pytest.approx(np.log(2))
