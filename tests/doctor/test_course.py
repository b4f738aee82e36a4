"""The course of a training that was done."""

import pytest

from backhand.doctor import course
from backhand.doctor.subject import Course, NotMeasuredError
from tests.doctor.smallnet import causes, subject

FALLING = (1.5, 0.9, 0.5, 0.3, 0.2)


def examined(*losses, **facts):
    return course.examine(subject(course=Course(*losses, **facts)))


def test_a_training_that_learns():
    measured = examined(FALLING, (1.4, 1.0, 0.7, 0.6, 0.6), (0.4, 0.6, 0.7, 0.8, 0.8), constant_loss=1.4, chance=0.3)
    assert causes(measured) == {}
    assert measured.plots[0].level == 1.4


@pytest.mark.parametrize(
    ("losses", "facts", "cause", "severity"),
    [
        (((1.5, 1.45, 1.45),), {"constant_loss": 1.4}, "nothing learnt", "wrong"),
        (((1.5, float("nan")),), {"diverged": "the training diverged at step 2"}, "diverged", "wrong"),
        (((),), {"diverged": "the training diverged at step 2"}, "diverged", "wrong"),
        ((FALLING, (1.4,) * 5, (0.3, 0.3, 0.2, 0.3, 0.3)), {"chance": 0.3}, "no better than chance", "wrong"),
        ((FALLING, (1.4, 0.9, 1.1, 1.4, 1.9)), {}, "overfitting", "warning"),
    ],
)
def test_a_training_that_does_not(losses, facts, cause, severity):
    assert causes(examined(*losses, **facts)) == {cause: severity}


@pytest.mark.parametrize(("known", "reason"), [(None, "a run"), (Course(()), "no finished epoch")])
def test_what_was_not_trained_is_left_out(known, reason):
    with pytest.raises(NotMeasuredError, match=reason):
        course.examine(subject(course=known))
