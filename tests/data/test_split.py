"""Stratified splits and subsets."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backhand.data import Dataset, stratified_split, stratified_subset
from backhand.data.split import hold_out_test
from backhand.errors import DataError


def test_known_shares():
    y = np.repeat([0, 1, 2], [50, 30, 20])
    rest, held = stratified_split(y, 0.2, seed=3)
    assert np.bincount(y[held]).tolist() == [10, 6, 4]
    assert np.bincount(y[rest]).tolist() == [40, 24, 16]


def test_largest_remainders_get_the_odd_samples():
    y = np.repeat([0, 1, 2], [10, 9, 6])  # 7 of 25: exact shares 2.8, 2.52, 1.68
    _, held = stratified_split(y, 7, seed=0)
    assert np.bincount(y[held]).tolist() == [3, 2, 2]


@given(counts=st.lists(st.integers(5, 60), min_size=2, max_size=8), size=st.floats(0.2, 0.8), seed=st.integers(0, 99))
def test_a_split_is_a_partition_in_proportion(counts, size, seed):
    y = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    rest, held = stratified_split(y, size, seed)
    assert np.array_equal(np.sort(np.concatenate([rest, held])), np.arange(len(y)))
    assert len(held) == round(size * len(y))
    exact = np.array(counts) * len(held) / len(y)
    assert (np.abs(np.bincount(y[held]) - exact) < 1).all()
    again = stratified_split(y, size, seed)
    assert np.array_equal(again[0], rest)
    assert np.array_equal(again[1], held)


def test_another_seed_draws_others():
    y = np.arange(200) % 2
    assert not np.array_equal(stratified_split(y, 0.5, 0)[1], stratified_split(y, 0.5, 1)[1])


@pytest.mark.parametrize("size", [0.0, 1.0, -0.1, 1.5, -1, 101])
def test_impossible_sizes(size):
    with pytest.raises(DataError, match=f"cannot hold out {size} of 100"):
        stratified_split(np.arange(100) % 2, size, 0)


@pytest.mark.parametrize("size", [0, 1, 99, 100])
def test_counts_that_leave_a_class_out(size):
    with pytest.raises(DataError, match=r"class \d has 50 of 100 samples, too few"):
        stratified_split(np.arange(100) % 2, size, 0)


def test_a_class_too_small_is_named():
    y = np.array([0] * 50 + [1])
    with pytest.raises(DataError, match='class "rare" has 1 of 51 samples, too few to appear in the held-out split'):
        stratified_split(y, 0.2, 0, ("common", "rare"))


@pytest.mark.parametrize(("size", "held_out"), [(0.1, 1), (0.001, 1), (0.5, 4), (0.99, 8)])
def test_a_fraction_gives_way_so_that_each_class_is_on_both_sides(size, held_out):
    y = np.repeat(np.arange(10), 9)
    rest, held = stratified_split(y, size, 0)
    assert np.bincount(y[held]).min() == held_out
    assert np.bincount(y[rest]).max() <= 9 - held_out


def test_no_class_is_held_out_as_a_whole():
    y = np.repeat([0, 1, 2], [2, 100, 3])  # exact shares of 90: 1.7, 85.7, 2.6
    rest, held = stratified_split(y, 90, 0)
    assert np.bincount(y[held]).tolist() == [1, 87, 2]
    assert np.bincount(y[rest]).tolist() == [1, 13, 1]


@pytest.mark.parametrize(
    ("counts", "role", "sentence"),
    [
        ([1, 5], "test", "the test split when 2 are held out for test; add samples, or a test split of your own"),
        (
            [2, 1],
            "validation",
            "the remaining split when 2 are held out for validation; .* .0 holds out none",
        ),
    ],
)
def test_the_refusal_names_what_is_held_out(counts, role, sentence):
    with pytest.raises(DataError, match=f"has 1 of .*, too few to appear in {sentence}"):
        stratified_split(np.repeat([0, 1], counts), 0.1, 0, role=role)


def test_rare_classes_are_on_both_sides():
    y = np.repeat([0, 1, 2, 3], [400, 3, 95, 2])  # exact shares 40, 0.3, 9.5, 0.2
    rest, held = stratified_split(y, 0.1, 0)
    assert np.bincount(y[held]).tolist() == [38, 1, 10, 1]
    assert np.bincount(y[rest]).tolist() == [362, 2, 85, 1]


def test_subset_takes_the_first_or_draws():
    y = np.array([1, 0, 0, 1, 0, 1, 1, 0])
    assert stratified_subset(y, 4).tolist() == [0, 1, 2, 3]
    drawn = stratified_subset(y, 4, seed=5)
    assert np.bincount(y[drawn]).tolist() == [2, 2]
    assert drawn.tolist() == stratified_subset(y, 4, seed=5).tolist()
    assert stratified_subset(y, 8).tolist() == list(range(8))
    assert len({tuple(stratified_subset(y, 4, seed)) for seed in range(20)}) > 1
    assert stratified_subset(y, 1).tolist() == [1]
    assert stratified_subset(np.array([0, 0, 0, 0, 1]), 1, seed=0)[0] < 4  # a class may have none
    for n in (0, 9):
        with pytest.raises(DataError, match=f"cannot take {n} of 8"):
            stratified_subset(y, n)


def test_the_test_part_that_is_held_out_never_moves():
    data = Dataset(np.arange(50.0)[:, None], np.arange(50) % 2)
    first, second = (hold_out_test(data)[1].x for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first[:, 0], stratified_split(data.y, 0.2, 0)[1])
    with pytest.raises(DataError, match=r'class "rare" has 1 of 50 samples.* for test; add samples, or a test split'):
        hold_out_test(Dataset(data.x, (np.arange(50) == 3).astype(int)), ("usual", "rare"))
