"""The loss at the start: what it should be, and the likely cause of anything else."""

import numpy as np
import pytest

from backhand.doctor import start
from tests.doctor.smallnet import K, SmallNet, causes, clouds, subject


def test_a_healthy_start_has_no_problem_and_says_both_losses():
    measured = start.examine(subject())
    assert causes(measured) == {}
    assert measured.summary.endswith(f"equal scores give {np.log(K):.3g}")


@pytest.mark.parametrize(
    ("network", "cause"),
    [
        (SmallNet("summed"), "loss summed over the batch"),
        (SmallNet("softmax twice"), "softmax twice"),
        (SmallNet(scale=6.0), "scores too large: weights"),
    ],
)
def test_the_cause_of_another_loss_is_named(network, cause):
    assert causes(start.examine(subject(network))) == {cause: "wrong"}


def test_inputs_that_are_not_scaled_are_told_from_large_weights():
    x, labels = clouds()
    measured = start.examine(subject(x=100 * x, labels=labels))
    assert causes(measured) == {"scores too large: inputs": "wrong"}
    assert "the largest input is" in measured.problems[0].evidence


def test_labels_that_begin_with_1_are_named_before_the_loss_is_tried():
    measured = start.examine(subject(labels=clouds()[1] + 1))
    assert causes(measured) == {"labels of another base": "wrong"}
    assert measured.problems[0].remedy == "Subtract 1 from all labels"


def test_a_loss_that_is_not_finite():
    network = SmallNet()
    network.values["2.bias"][0] = np.nan
    assert causes(start.examine(subject(network))) == {"first loss not finite": "wrong"}


def test_weights_that_were_trained_before_may_begin_anywhere():
    assert causes(start.examine(subject(SmallNet(scale=6.0), pretrained=True))) == {}


def test_a_loss_below_that_of_equal_scores_is_a_warning():
    network = SmallNet()
    x, labels = subject().batch(600)
    for _ in range(300):
        network.step(x, labels)
    assert causes(start.examine(subject(network))) == {"first loss too small": "warning"}
