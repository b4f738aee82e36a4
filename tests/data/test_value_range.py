"""Samples on another scale than those of the training are noticed, and those that are merely unusual are not."""

import numpy as np
import pytest

from backhand.data import load
from backhand.data.value_range import FAR_FACTOR, ValueRange
from backhand.errors import DataError

rng = np.random.default_rng(0)
digits = load("digits")
images = ValueRange.fit(digits.train.x)
rows = digits.train.x.reshape(len(digits.train), -1).astype(np.float64)
test_rows = digits.test.x.reshape(len(digits.test), -1).astype(np.float64)
table = np.stack([rng.normal(size=500), np.exp(rng.normal(size=500)), 1.7e9 + 1e4 * rng.random(500)], axis=1)


def reread(value_range):
    return ValueRange.from_facts(value_range.shape, value_range.facts())


SCALED = {
    "0 to 1": (1 / 255, "from 0 to 1; write np.rint(x * (255 / 1)).astype(np.uint8)"),
    "0 to 16": (16 / 255, "from 0 to 16; write np.rint(x * (255 / 16)).astype(np.uint8)"),
    "0 to 255": (1, "from 0 to 255; write np.rint(x).astype(np.uint8)"),
}


@pytest.mark.parametrize("case", SCALED)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
def test_pixels_of_another_dtype_are_refused_with_the_line_to_write(case, dtype):
    factor, line = SCALED[case]
    x = (digits.test.x * factor).astype(dtype)
    if x.max() > 0:
        with pytest.raises(DataError) as refused:
            reread(images).refuse_mismatch(x)
        assert str(refused.value).startswith(
            f"the network was trained on pixels of uint8 from 0 to 255, and was given {x.dtype}"
        )
        assert line in str(refused.value) or (case == "0 to 1" and dtype == np.int64)


@pytest.mark.parametrize("white", [1, 16, 31])
@pytest.mark.parametrize("count", [1, 360])
def test_pixels_of_another_range_are_noticed_in_uint8_too(white, count):
    dim = np.rint(digits.test.x[:count] * (white / 255)).astype(np.uint8)
    with pytest.raises(DataError, match=f"from 0 to {dim.max()}, lie closer together than in the training samples"):
        images.refuse_mismatch(dim)


def test_images_as_they_should_be_pass_and_blank_ones_too():
    for x in (digits.test.x, digits.test.x[:1], np.zeros((2, 8, 8, 1), np.uint8), np.full((1, 8, 8, 1), 9, np.uint8)):
        reread(images).refuse_mismatch(x)


@pytest.mark.parametrize("train", [30, 100, 1437])
def test_rows_of_pixels_pass_one_by_one_and_together(train):
    value_range = reread(ValueRange.fit(rows[:train]))
    value_range.refuse_mismatch(test_rows)
    for row in test_rows:
        value_range.refuse_mismatch(row[None])


@pytest.mark.parametrize("factor", [1 / 255, 16 / 255, 255])
@pytest.mark.parametrize("count", [1, 360])
def test_rows_of_pixels_on_another_scale_are_refused(factor, count):
    with pytest.raises(DataError, match="bring the samples to the scale of the training data"):
        ValueRange.fit(rows).refuse_mismatch(factor * test_rows[:count])


def test_a_table_takes_unusual_values_and_refuses_impossible_ones():
    value_range = reread(ValueRange.fit(table))
    odd = table.copy()
    odd[:, 0] *= 3
    odd[7] = [30, 100, 1.7e9 + 9e4]
    value_range.refuse_mismatch(odd)
    value_range.refuse_mismatch(odd[7:8])
    for column, factor in ((0, 1000), (1, 1e6), (2, 1000)):
        off = table.copy()
        off[:, column] *= factor
        with pytest.raises(DataError, match=rf"column {column}, counted from 0, is .*, where the training samples lie"):
            value_range.refuse_mismatch(off)


def test_what_never_or_hardly_varied_in_training_says_nothing():
    x = np.zeros((500, 2))
    x[3, 0] = 1e-3
    x[:, 1] = rng.normal(size=500)
    ValueRange.fit(x).refuse_mismatch(np.array([[1e6, 0.0]]))


MISTAKES = {
    "NaN": (np.array([[0, np.nan, 1.7e9]]), "row 0, column 1 of the samples, counted from 0, is NaN"),
    "infinity": (np.array([[0, np.inf, 1.7e9]]), "is infinity"),
    "text": (np.array([["a", "b", "c"]]), "takes numbers, and was given <U1"),
    "one sample alone": (table[0], r"samples of shape \(3,\), and was given .*; for one sample write x\[None\]"),
    "another shape": (table[:, :2], r"of shape \(500, 2\)"),
    "no samples": (table[:0], "one or more samples"),
    "a list": (table.tolist(), r"the samples are of type list .*; write np.asarray\(x\)"),
    "a masked value": (np.ma.masked_equal(table, table[3, 1]), "row 3, column 1 of the samples, .* is masked"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_mistakes(case):
    x, match = MISTAKES[case]
    with pytest.raises(DataError, match=match):
        ValueRange.fit(table).refuse_mismatch(x)


def test_of_an_earlier_version_the_shape_and_the_dtype_are_known():
    old = ValueRange.unknown((8, 8, 1))
    old.refuse_mismatch(digits.test.x // 16)
    with pytest.raises(DataError, match="pixels of uint8"):
        old.refuse_mismatch(digits.test.x / 255)
    unknown = ValueRange.unknown((3,))
    unknown.refuse_mismatch(1000 * table)
    assert (unknown.pixels, unknown.least_contrast) == (False, 0)
    assert unknown.facts() == reread(unknown).facts()


def test_images_of_a_version_that_kept_no_brightest_may_be_white():
    facts = images.facts()
    del facts["brightest"]
    old = ValueRange.from_facts(images.shape, facts)
    assert old.brightest == 255
    old.refuse_mismatch(255 - digits.test.x)


def test_axes_in_another_order_are_told_with_the_transposition():
    value_range = ValueRange.fit(rng.integers(0, 256, (9, 12, 10, 3), dtype=np.uint8))
    for order, line in (((0, 3, 1, 2), "0, 2, 3, 1"), ((0, 1, 3, 2), "0, 1, 3, 2"), ((1, 2, 3, 0), "3, 0, 1, 2")):
        x = np.zeros((9, 12, 10, 3), np.uint8).transpose(order)
        with pytest.raises(DataError, match=rf"write x.transpose\({line}\)"):
            value_range.refuse_mismatch(x)


def test_grey_images_need_their_channel():
    with pytest.raises(DataError, match=r"grey images have one channel: write x\[..., None\]"):
        images.refuse_mismatch(digits.test.x[..., 0])


def test_a_nearly_blank_sample_among_many_hides_no_other_scale():
    """Neither among those of the training, nor one as it should be among those that are given."""
    pictures, dim = digits.train.x.copy(), digits.test.x // 16
    pictures[7], pictures[7, 0, 0] = 0, 8
    dim[3] = digits.test.x[3]
    value_range = reread(ValueRange.fit(pictures))
    assert "closer together" in value_range.mismatch(dim)
    assert "closer together" in value_range.mismatch(dim[:1])
    blank = rows.copy()
    blank[7], blank[7, 20] = 0, 1
    assert "closer together" in ValueRange.fit(blank).mismatch(test_rows / 255)
    value_range.refuse_mismatch(digits.test.x)


@pytest.mark.parametrize("white", [1, 16, 31, 63])
def test_pixels_brighter_than_those_of_the_training_are_noticed(white):
    dim = np.rint(digits.train.x * (white / 255)).astype(np.uint8)
    dim[7] = digits.train.x[7]
    value_range = reread(ValueRange.fit(dim))
    for count in (1, 360):
        with pytest.raises(DataError, match=f"brighter than in the training samples, .* no further than {white};"):
            value_range.refuse_mismatch(digits.test.x[:count])
    value_range.refuse_mismatch(dim[8:9])


@pytest.mark.parametrize("white", [64, 127, 200])
def test_dark_pictures_may_be_followed_by_bright_ones(white):
    reread(ValueRange.fit(np.rint(digits.train.x * (white / 255)).astype(np.uint8))).refuse_mismatch(digits.test.x)


def test_samples_of_few_features_may_be_alike_by_chance():
    value_range = ValueRange.fit(table)
    for row in table:
        value_range.refuse_mismatch(row[None])


def test_values_count_as_far_off_beyond_a_hundred_ranges_on_either_side():
    """In `remark` a single one is enough."""
    value_range = ValueRange.fit(np.linspace(0, 1, 200)[:, None] * [1.0, 2.0])
    assert value_range.warning(np.array([[FAR_FACTOR + 0.99, 0.0], [-FAR_FACTOR + 0.01, 0.0]])) == ""
    for far in (FAR_FACTOR + 1.02, -FAR_FACTOR - 0.02):
        said = value_range.warning(np.array([[0.5, 0.5], [0.5, 2 * far]]))
        assert said == (
            f"row 1, column 1, counted from 0, is {2 * far:g}, where the training samples lie from 0 to 2; "
            "values so far off: 1 of 4"
        )


def test_a_column_of_another_unit_is_refused_where_there_are_many_samples():
    """It is one of forty, so that nearly all values are as they should be."""
    x = rng.normal(size=(500, 40))
    x[:, 2] = 3.0  # which says nothing
    off = x.copy()
    off[:, 4] *= 1e6
    value_range = reread(ValueRange.fit(x))
    assert value_range.mismatch(off).startswith("row 0, column 4, ")
    assert value_range.mismatch(off[:5]) == ""  # of few samples nothing is known
    assert value_range.warning(off[:1]).startswith("row 0, column 4, ")
    half = x.copy()
    half[:200, 4] *= 1e6
    assert value_range.mismatch(half) == ""
    assert value_range.warning(half) != ""


def test_tables_have_no_brightest_value():
    assert ValueRange.fit(table).brightest == 255
    assert ValueRange.fit(table).facts() == reread(ValueRange.fit(table)).facts()
