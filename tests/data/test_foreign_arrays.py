"""What is no plain NumPy array is refused in a sentence wherever samples are passed: lists, and masked values."""

import numpy as np
import pytest

from backhand.data import Dataset, Standardizer
from backhand.data.value_range import ValueRange
from backhand.errors import DataError

x, y = np.random.default_rng(0).normal(size=(20, 3)), np.arange(20) % 2
images = np.random.default_rng(0).integers(0, 256, (20, 8, 8, 1), dtype=np.uint8)
DOORS = {
    "a data set": lambda x: Dataset(x, y),
    "statistics": lambda x: Standardizer.fit(x, "feature"),
    "scaling": lambda given: Standardizer.fit(x if np.ndim(given) == 2 else images, "feature").transform(given),
    "the value range of a training": ValueRange.fit,
    "samples to classify": lambda given: ValueRange.fit(x if np.ndim(given) == 2 else images).refuse_mismatch(given),
}


@pytest.mark.parametrize("door", DOORS)
def test_masked_values_and_lists_are_refused(door):
    with pytest.raises(DataError, match=r"row 7, column 1 of .*samples.*, counted from 0, is masked; fill in a value"):
        DOORS[door](np.ma.masked_equal(x, x[7, 1]))
    with pytest.raises(DataError, match=r"row 0, column .*, 0 of .*samples.*, counted from 0, is masked"):
        DOORS[door](np.ma.masked_less(images, 200))
    with pytest.raises(DataError, match=r"samples.* of type list and must be a NumPy array; write np.asarray\(x\)"):
        DOORS[door](x.tolist())
    DOORS[door](np.ma.masked_invalid(x))  # nothing is masked


def test_labels_are_an_array_without_masked_values():
    with pytest.raises(DataError, match="the labels are of type list"):
        Dataset(x, y.tolist())
    with pytest.raises(DataError, match=r"row 1 of the labels, counted from 0, is masked"):
        Dataset(x, np.ma.masked_equal(y, 1))
