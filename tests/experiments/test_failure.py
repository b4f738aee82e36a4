"""A training that came to its end may have failed all the same, and then it is said why."""

from math import log, nan

import numpy as np
import pytest

from backhand.experiments.failure import Course, KeptErrors, KeptWeights
from backhand.training.losses import CLASSIFICATION, loss

TEN = log(10)
GOOD, BAD, EARLY = (KeptWeights("test", right, 360, 37) for right in (340, 36, 90))


@pytest.mark.parametrize(
    ("losses", "tested", "failed"),
    [
        ([2.3, 5.0, 60.0, 600.0], EARLY, True),  # it blew up slowly
        ([12.3, 11.2, 117.0, 21.0], EARLY, True),
        ([2.02, 2.32, 2.3026], EARLY, True),  # it lost what it knew
        ([2.36, 2.31, 2.3026], BAD, True),  # every unit died at once
        ([2.31, 2.3030, 2.3024], BAD, True),  # it never began
        ([500.0, 300.0, 173.0], BAD, True),
        ([600.0, 500.0, 496.0], KeptWeights("test", 60, 360, 37, loss=274.0), True),  # wrong from the first epoch on
        ([600.0, 500.0, 496.0], KeptWeights("test", 60, 360, 37, loss=nan), True),
        ([9.0], KeptWeights("test", 340, 360, 37, loss=0.5), False),
        ([2.0, nan], GOOD, True),
        ([2.0, 2.5], None, True),  # before anything was tested
        ([2.0, 1.0, 0.1], GOOD, False),
        ([2.0, 0.1, 0.3], GOOD, False),
        ([2.29, 2.26], EARLY, False),  # a little is not nothing
        ([2.0, 1.0, 0.01], BAD, False),  # it learnt by heart what does not carry over: the baseline says so
        ([9.0], GOOD, False),  # an only epoch, whose first steps went wrong
        ([9.0, 2.31], GOOD, False),
        ([], None, False),
    ],
)
def test_what_counts_as_a_failure(losses: list[float], tested: KeptWeights | None, failed: bool) -> None:
    course = Course(losses, TEN, tested)
    assert course.failed == failed
    assert bool(course.sentence()) == failed


def test_it_is_said_why_and_what_to_do() -> None:
    assert Course([2.3, 5.0, 600.0], TEN, EARLY, kept_epoch=1, lr=0.05).sentence() == (
        "After 3 epochs the training loss is 600, after 2.3 in the first epoch; answering the same for every sample "
        "has a loss of 2.303. The kept weights, of epoch 1, are right on 25.00% of the test samples. The steps were "
        "too large: try a lower learning rate (such as train.optimizer.lr = 0.005), or clip the gradients "
        "(train.clip_norm = 1)."
    )
    assert Course([2.31, 2.303], TEN, BAD, kept_epoch=2).sentence() == (
        "After 2 epochs the training loss is 2.303; answering the same for every sample has a loss of 2.303. The test "
        "accuracy, 10.00%, is no better than always answering the commonest class, 10.28%. The network never began to "
        "learn: try other learning rates (backhand lr-find shows where the loss falls), and check that the labels "
        "belong to the samples."
    )
    few = Course([0.7, 0.69], log(2), KeptWeights("test", 16, 20, 13)).sentence()
    assert (
        "The test accuracy, 80.00%, is above that of always answering the commonest class, 65.00%, by no more than "
        "chance explains on 20 samples."
    ) in few
    slow = Course([2.9, 2.7, 2.6], TEN, BAD, lr=1e-4).sentence()
    assert slow.endswith(
        "The loss fell in every epoch, but too slowly: try a higher learning rate (such as train.optimizer.lr = 0.001) "
        "or more epochs."
    )
    assert "too large" in Course([90.0, 20.0, 2.31], TEN, BAD, lr=1e-4).sentence()
    regression = Course([4.05, 3.9, 3.25], 0.5, KeptErrors("test", r2=-5.5), lr=1e-3).sentence()
    assert "explains nothing of the variance of the test targets. The loss fell in every epoch, but too" in regression
    assert regression.endswith("try a higher learning rate (such as train.optimizer.lr = 0.01) or more epochs.")
    assert "too large" in Course([4.05, 9.0, 3.25], 0.5, KeptErrors("test", r2=-5.5)).sentence()
    constant = Course([0.6, 0.7], 0.5, KeptErrors("test", r2=nan))  # targets of the test that do not vary
    assert "variance" not in constant.sentence()
    assert not Course([0.7, 0.6], 0.5, KeptErrors("test", r2=nan)).failed
    clipped = Course([2.0, nan], TEN, GOOD, kept_epoch=1, clipped=True).sentence()
    assert clipped.startswith("After 2 epochs the training loss is not finite. ")
    assert clipped.endswith("try a lower learning rate.")


def test_a_single_class_leaves_nothing_to_learn() -> None:
    assert not Course([0.1, 0.2], 0.0, KeptWeights("test", 5, 5, 5)).failed


@pytest.mark.parametrize("name", CLASSIFICATION)
@pytest.mark.parametrize("counts", [(30, 70), (50, 50), (0, 9)])
def test_the_loss_of_a_constant_answer_is_the_least_of_all(name: str, counts: tuple[int, ...]) -> None:
    check(loss(name), counts)


@pytest.mark.parametrize("counts", [(10, 20, 70), (10, 10, 10), (5, 0, 5)])
@pytest.mark.parametrize("options", [{}, {"smoothing": 0.1}, {"smoothing": 0.2, "class_weights": (3.0, 1.0, 0.5)}])
def test_weights_and_smoothing_count(options, counts: tuple[int, ...]) -> None:
    check(loss("softmax_cross_entropy", **options), counts)
    check(loss("hinge"), counts)


def check(own, counts) -> None:
    from scipy.optimize import minimize

    labels, outputs = np.repeat(np.arange(len(counts)), counts), 1 if own.binary else len(counts)
    starts = np.random.default_rng(0).normal(size=(3, outputs))
    least = min(
        minimize(lambda s: own.forward(np.tile(s, (len(labels), 1)), labels), start, method="Nelder-Mead").fun
        for start in starts
    )
    assert own.constant(counts) == pytest.approx(least, abs=2e-3)


def test_of_equal_classes_it_is_the_logarithm_of_their_number() -> None:
    assert loss("softmax_cross_entropy").constant([7] * 10) == pytest.approx(TEN, rel=1e-12)
    assert loss("hinge").constant([7] * 10) == 9
