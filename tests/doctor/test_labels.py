"""The labels beside the samples, and across the splits."""

from dataclasses import replace

import numpy as np
import pytest

from backhand.doctor import labels
from backhand.doctor.subject import NotMeasuredError
from tests.doctor.smallnet import K, causes, clouds, samples, split, subject


def examined(**changes):
    return labels.examine(subject(samples=samples(**changes)))


def test_labels_that_belong_to_their_samples():
    measured = examined()
    assert causes(measured) == {}
    assert measured.summary.startswith("nearest")


def shuffled(part, seed=4):
    return replace(part, labels=np.random.default_rng(seed).permutation(part.labels))


def large(seed):
    return split(*clouds(1200, seed))


def test_shuffled_labels_are_seen():
    assert causes(examined(train=shuffled(large(0)))) == {"labels shuffled": "wrong"}


def test_of_few_samples_it_is_only_a_warning():
    assert causes(examined(train=shuffled(split(*clouds(200, 0))))) == {"labels shuffled": "warning"}


def test_classes_that_no_line_divides_are_no_false_alarm():
    """Two classes at opposite corners of a square have equal means: only the nearest neighbour tells them apart."""
    x = np.random.default_rng(0).choice([-1.0, 1.0], (1200, 2)) + 0.2 * np.random.default_rng(1).standard_normal(
        (1200, 2)
    )
    part = split(x, (x[:, 0] * x[:, 1] > 0).astype(int))
    assert causes(examined(train=part, validation=None, test=None, classes=("same", "other"))) == {}


def test_shuffled_labels_of_the_validation_data_are_told_from_those_of_the_training_data():
    assert causes(examined(validation=shuffled(large(1)))) == {"labels of the validation data shuffled": "wrong"}


def test_another_order_of_the_classes_is_named():
    part = split(*clouds(400, 2))
    measured = examined(test=replace(part, labels=(part.labels + 1) % K))
    assert causes(measured) == {"classes numbered differently": "wrong"}
    assert "0 is 1 there, 1 is 2 there, 2 is 3 there and 3 is 0 there" in measured.problems[0].evidence


def test_labels_of_another_base():
    part = split(*clouds(400, 2))
    measured = examined(test=replace(part, labels=part.labels + 1))
    assert causes(measured) == {"labels of another base": "wrong"}
    assert "the test labels run from 1 to 4" in measured.problems[0].headline


def test_constant_labels():
    part = split(*clouds(400, 2))
    assert causes(examined(train=replace(part, labels=np.zeros(400, int)))) == {"constant labels": "wrong"}


def test_classes_that_the_training_data_lack():
    part = large(0)
    kept = part.labels != 2
    measured = examined(train=split(part.raw[kept], part.labels[kept]))
    assert causes(measured)["classes missing in training"] == "wrong"
    assert "class 2" in measured.problems[0].headline


def test_other_frequencies_are_a_warning():
    part = large(1)
    rare = (part.labels != 0) | (np.arange(1200) % 20 == 0)
    measured = examined(test=split(part.raw[rare], part.labels[rare]))
    assert causes(measured) == {"other class frequencies": "warning"}


def test_too_few_samples_are_left_out():
    few = split(*clouds(30, 0))
    with pytest.raises(NotMeasuredError, match="60 training samples or more"):
        examined(train=few, validation=None, test=None)
