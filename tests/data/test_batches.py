"""Mini-batches."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backhand.data import batches
from backhand.errors import DataError


@given(n=st.integers(0, 200), size=st.integers(1, 250), seed=st.none() | st.integers(0, 9))
def test_an_epoch_sees_every_sample_once(n, size, seed):
    rng = None if seed is None else np.random.default_rng(seed)
    parts = list(batches(n, size, rng))
    assert [len(part) for part in parts] == [size] * (n // size) + [n % size] * (n % size > 0)
    assert sorted(i for part in parts for i in part) == list(range(n))


def test_order_and_shuffle():
    assert [part.tolist() for part in batches(5, 2)] == [[0, 1], [2, 3], [4]]
    rng = np.random.default_rng(0)
    first, second = ([part.tolist() for part in batches(100, 10, rng)] for _ in range(2))
    assert first != second
    rng = np.random.default_rng(0)
    assert [part.tolist() for part in batches(100, 10, rng)] == first


@pytest.mark.parametrize("size", [0, -3])
def test_an_impossible_size_is_refused_at_once(size):
    with pytest.raises(DataError, match=f"batch size {size} is below 1"):
        batches(10, size)
