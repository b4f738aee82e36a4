"""Some of the classes of a data set, numbered anew, and classes joined."""

import numpy as np
import pytest

from backhand import data
from backhand.errors import DataError
from backhand.experiments.splits import load_study_splits
from backhand.study import load


def test_the_samples_of_some_classes_are_kept_and_numbered_in_the_order_asked_for():
    whole = data.load("digits")
    some = whole.select_classes(["7", "2"])
    assert some.classes == ("7", "2")
    assert some.notes == whole.notes | {"classes kept": "2 of 10"}
    for name, part in some.by_name.items():
        for k, digit in enumerate((7, 2)):
            source = whole.by_name[name]
            np.testing.assert_array_equal(part.x[part.y == k], source.x[source.y == digit])
        assert len(part) == sum((whole.by_name[name].y == digit).sum() for digit in (7, 2))


def test_the_validation_part_is_changed_as_the_others_are():
    y = np.arange(12) % 3
    part = data.Dataset(np.arange(24.0).reshape(12, 2), y)
    some = data.Splits("mine", ("a", "b", "c"), part, part, part.take(slice(3))).select_classes(["c", "a"])
    assert {name: part.y.tolist() for name, part in some.by_name.items()} == {
        "train": [1, 0] * 4,
        "validation": [1, 0],
        "test": [1, 0] * 4,
    }
    np.testing.assert_array_equal(some.validation.x, [[0, 1], [4, 5]])


def test_a_class_of_which_a_part_has_none_counts_0():
    part = data.Dataset(np.zeros((2, 1)), np.array([1, 1]))
    counts = data.Splits("mine", ("a", "b", "c"), part, part).counts()
    assert {name: count.tolist() for name, count in counts.items()} == {"train": [0, 2, 0], "test": [0, 2, 0]}


def test_a_class_that_is_not_there_or_named_twice_is_refused():
    digits = data.load("digits")
    with pytest.raises(DataError, match=r'digits has no class "10"; did you mean "1"'):
        digits.select_classes(["1", "10"])
    with pytest.raises(DataError, match='"1" is named twice'):
        digits.select_classes(["1", "2", "1"])


def test_the_classes_of_a_group_become_one_and_those_of_none_are_left_out():
    whole = data.load("digits")
    joined = whole.group_classes({"odd": ["3", "1"], "nine": ["9"], "even": ["8", "0"]})
    assert joined.classes == ("odd", "nine", "even")
    assert joined.notes["classes joined"] == "odd: 3, 1; nine: 9; even: 8, 0"
    number = {1: 0, 3: 0, 9: 1, 0: 2, 8: 2}
    for name, part in joined.by_name.items():
        source = whole.by_name[name]
        kept = np.isin(source.y, list(number))
        np.testing.assert_array_equal(part.x, source.x[kept])
        np.testing.assert_array_equal(part.y, [number[digit] for digit in source.y[kept]])


def test_a_group_of_a_class_that_is_not_there_and_a_class_of_two_groups_are_refused():
    digits = data.load("digits")
    with pytest.raises(DataError, match=r'digits has no class "10"; did you mean "1"'):
        digits.group_classes({"odd": ["1", "10"], "even": ["2"]})
    with pytest.raises(DataError, match='"1" is named twice'):
        digits.group_classes({"odd": ["1", "3"], "even": ["2", "1"]})


def test_a_study_trains_on_the_groups_that_it_names():
    parts = load_study_splits(
        load("digits", ['data.groups={ low = ["0", "1"], high = ["8", "9"] }', "data.train_size=50"])
    )
    assert parts.splits.classes == ("low", "high")
    assert {tuple(np.unique(part.y)) for part in (parts.train, parts.held_out, parts.splits.test)} == {(0, 1)}
