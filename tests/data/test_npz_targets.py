"""Targets of a person's own arrays: what makes an archive a regression, and what does not."""

import numpy as np
import pytest

from backhand.data import load
from backhand.data.frames.options import TableOptions
from tests.data import datafiles as df

rng = np.random.default_rng(0)
x, y = rng.normal(size=(40, 3)), rng.normal(size=(40, 2))


def targets(path, *names, **arrays):
    """The splits of an archive with these arrays, as a regression of these targets."""
    np.savez(path / "a.npz", **arrays)
    return load("npz", path=path / "a.npz", table=TableOptions(targets=names))


FORMS = {
    "floats": (y[:, 0], ("size",)),
    "a column": (y[:, :1], ("size",)),
    "float32": (y[:, 0].astype(np.float32), ("size",)),
    "whole numbers": (np.arange(40), ("size",)),
    "several": (y, ("size", "age")),
}


@pytest.mark.parametrize("form", FORMS)
def test_what_targets_may_be(tmp_path, form):
    values, names = FORMS[form]
    splits = targets(tmp_path, *names, x=x, y=values)
    assert (splits.targets, splits.classes, splits.notes) == (names, (), {})
    assert (len(splits.train), len(splits.test)) == (32, 8)
    assert splits.train.y.dtype == np.float64
    row_of = {tuple(row): n for n, row in enumerate(x.tolist())}
    for split in (splits.train, splits.test):
        rows = [row_of[tuple(row)] for row in split.x.tolist()]
        np.testing.assert_array_equal(split.y, values.reshape(40, -1)[rows])


def test_arrays_of_splits_and_images(tmp_path):
    images = df.noise(40, 6, 5)
    of_splits = {"x_train": images, "y_train": y, "x_test": images[:9], "y_test": y[:9], "classes": ["a", "b"]}
    splits = targets(tmp_path, "size", "age", **of_splits, x_val=images[:7], y_val=y[:7])
    np.testing.assert_array_equal(splits.validation.y, y[:7])
    np.testing.assert_array_equal(splits.train.x, images[..., None])
    assert splits.notes == {"unused arrays": "classes"}


BAD = {
    "text": (np.full(40, "a"), ("size",), "y in .* is <U1 of shape .*; for classes leave out data.target"),
    "true and false": (y[:, 0] > 0, ("size",), "is bool of shape"),
    "three axes": (y[:, None], ("size",), r"of shape \(40, 1, 2\); targets must be numbers of shape"),
    "too many names": (y[:, 0], ("a", "b"), r"\(40,\), which is 1 target per sample, and data.target names 2; give as"),
    "too few names": (y, ("a",), "which is 2 targets per sample, and data.target names 1; give as many names"),
    "a value that is missing": (np.full((40, 2), np.nan), ("a", "b"), "row 0, column 0 of y in .* is NaN"),
    "another count": (y[:9], ("a", "b"), r"x has shape \(40, 3\) but y 9 labels"),
    "samples alike": (y, ("a", "b"), "no column of x in .* varies"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_targets_may_not_be(tmp_path, case):
    values, names, match = BAD[case]
    np.savez(tmp_path / "a.npz", x=x if case != "samples alike" else np.ones_like(x), y=values)
    df.refused(match, "npz", path=tmp_path / "a.npz", table=TableOptions(targets=names))


@pytest.mark.parametrize(
    ("values", "match"),
    [
        (y[:, 0], r'row 0 of y in .* is 0\.\d+; labels must be integers .*; for a regression set data.target = "y"$'),
        (20.0 + np.arange(40), 'without a gap, .*; for a regression set data.target = "y"$'),
        (y, "row 0 is not one-hot: .*; for a regression name the 2 columns in data.target$"),
    ],
)
def test_numbers_that_are_no_classes_lead_to_a_regression(tmp_path, values, match):
    np.savez(tmp_path / "a.npz", x=x, y=values)
    df.refused(match, "npz", path=tmp_path / "a.npz")
