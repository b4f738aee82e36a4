"""Folds: every sample is tested once, and every class is spread evenly."""

import numpy as np
import pytest

from backhand import data
from backhand.errors import BackhandError, DataError
from backhand.experiments.comparison.folds import fold_splits, stratified, subset

LABELS = np.repeat([0, 1, 2], [30, 12, 9])
NAMES = ("cat", "dog", "owl")


@pytest.mark.parametrize("count", [2, 3, 9])
def test_folds_are_disjoint_complete_and_stratified(count):
    tests = stratified(LABELS, count, 0, NAMES)
    assert np.array_equal(np.sort(np.concatenate(tests)), np.arange(len(LABELS)))
    spread = np.ptp([np.bincount(LABELS[test], minlength=3) for test in tests], axis=0)
    assert (spread <= 1).all()


def test_the_seed_draws_the_folds():
    first, same_seed, other_seed = (stratified(LABELS, 3, seed, NAMES) for seed in (0, 0, 1))
    assert all(map(np.array_equal, first, same_seed))
    assert not all(map(np.array_equal, first, other_seed))


def test_a_fold_trains_on_what_it_does_not_test():
    splits = data.load("digits")
    small = subset(splits, np.arange(200))
    tests = stratified(small.train.y, 4, 0, small.classes)
    for test in tests:
        divided = fold_splits(small, test)
        assert np.array_equal(divided.test.x, splits.train.x[test])
        assert np.array_equal(divided.test.y, splits.train.y[test])
        assert len(divided.train) + len(divided.test) == 200
        samples = np.concatenate([divided.train.x, divided.test.x]).reshape(200, -1)
        assert np.array_equal(np.unique(samples, axis=0), np.unique(small.train.x.reshape(200, -1), axis=0))
        assert divided.validation is None


def test_too_few_of_a_class_are_named():
    with pytest.raises(DataError, match=r'class "owl" has 9 samples, too few for 10 folds; give fewer --folds'):
        stratified(LABELS, 10, 0, NAMES)


@pytest.mark.parametrize("count", [1, 0, -3])
def test_there_are_two_folds_at_least(count):
    with pytest.raises(BackhandError, match=rf"{count} folds leave nothing"):
        stratified(LABELS, count, 0, NAMES)
