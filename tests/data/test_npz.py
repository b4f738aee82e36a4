"""A person's own numbers and images: nothing is lost, and what could be meant otherwise is said."""

import numpy as np
import pytest

from backhand.data import load
from backhand.data.pixels import read_pixels
from backhand.data.tables import read_table
from tests.data import datafiles as df

rng = np.random.default_rng(0)
y = np.arange(20) % 2


def saved(path, x, **more):
    np.savez(path / "a.npz", x=x, y=y, **more)
    return path / "a.npz"


def whole(splits):
    """Training and test samples together, in some order."""
    return np.concatenate([splits.train.x, splits.test.x])


TABLES = {
    "Unix seconds": (1.7e9 + rng.normal(size=(20, 2)), np.float64),
    "nanoseconds": ((1.7e18 + 1e12 * rng.normal(size=(20, 2))).astype(np.int64), np.float64),
    "dates": (20240101 + rng.integers(0, 28, (20, 2)), np.float64),
    "thirds": (rng.integers(0, 9, (20, 2)) / 3, np.float64),
    "beyond float32": (rng.normal(size=(20, 2)) * 1e39, np.float64),
    "float32": (rng.normal(size=(20, 2)).astype(np.float32), np.float32),
    "half precision": (rng.normal(size=(20, 2)).astype(np.float16), np.float32),
    "extended precision": (1e9 + rng.normal(size=(20, 2)).astype(np.longdouble), np.float64),
    "small whole numbers": (rng.integers(-9, 9, (20, 2)), np.float32),
    "bytes": (df.noise(20, 2), np.float32),
    "true and false": (rng.random((20, 2)) < 0.5, np.float32),
    "big-endian": (rng.normal(size=(20, 2)).astype(">f8"), np.float64),
    "column by column": (np.asfortranarray(rng.normal(size=(20, 2))), np.float64),
}


@pytest.mark.parametrize("name", TABLES)
def test_numbers_are_kept_in_float32_where_that_is_exact_and_else_in_float64(tmp_path, name):
    x, dtype = TABLES[name]
    found = whole(load("npz", path=saved(tmp_path, x)))
    assert (found.dtype, found.flags.c_contiguous) == (dtype, True)
    np.testing.assert_array_equal(np.sort(found, axis=0), np.sort(x.astype(dtype), axis=0))


@pytest.mark.parametrize("row", [0, 2500, 4999])
def test_one_number_of_many_digits_is_enough_for_float64(row):
    x = np.ones((5000, 2))
    x[row, 1] += 1e-12
    found = read_table(x, "x")
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, x)


def test_whole_numbers_that_float64_would_make_alike_are_refused(tmp_path):
    ids = 2**60 + rng.integers(0, 100, (20, 2))
    path = saved(tmp_path, ids)
    df.refused(r"column 0 of x in .* float64 rounds .*: x\[:, 0\] -= x\[:, 0\].min\(\)", "npz", path=path)
    near = ids.astype(np.uint64)
    near[:, 0] -= near[:, 0].min()
    near[:, 1] = 2**63 + 1  # constant: nothing is lost by rounding it
    load("npz", path=saved(tmp_path, near))


def test_two_to_the_53_is_where_float64_begins_to_round(tmp_path):
    last = 2**53 - 2 * np.arange(20)[:, None]
    np.testing.assert_array_equal(np.sort(whole(load("npz", path=saved(tmp_path, last))), axis=0), last[::-1])
    df.refused("column 0 of x in .* float64 rounds", "npz", path=saved(tmp_path, 2**53 + 1 + np.arange(20)[:, None]))


def test_extended_precision_that_float64_would_round_away_is_refused(tmp_path):
    if np.finfo(np.longdouble).eps == np.finfo(np.float64).eps:
        pytest.skip("there is no extended precision here")
    x = 1 + np.longdouble(1e-17) * rng.integers(0, 9, (20, 1))
    df.refused("column 0 of x in .* float64 rounds", "npz", path=saved(tmp_path, x))


CHANNELS_FIRST = {
    "colour": ((20, 3, 16, 16), "0, 2, 3, 1"),
    "grey": ((20, 1, 28, 28), "0, 2, 3, 1"),
    "with transparency": ((20, 4, 9, 8), "0, 2, 3, 1"),
    "channels in the middle": ((20, 16, 3, 16), "0, 1, 3, 2"),
    "the batch last": ((16, 16, 3, 20), "3, 0, 1, 2"),
    "grey, the batch last": ((16, 16, 20), "2, 0, 1"),
}


@pytest.mark.parametrize("case", CHANNELS_FIRST)
def test_a_shape_that_can_only_have_other_axes_is_refused_with_the_transposition(tmp_path, case):
    shape, order = CHANNELS_FIRST[case]
    x = df.noise(*shape)
    df.refused(rf"write x.transpose\({order}\)", "npz", path=saved(tmp_path, x))
    turned = x.transpose(*map(int, order.split(",")))
    assert load("npz", path=saved(tmp_path, turned)).train.is_image


@pytest.mark.parametrize(
    "shape", [(20, 3, 16, 3), (20, 3, 6, 6), (20, 1, 16, 7), (20, 1, 1, 3), (20, 1, 9, 1), (20, 3, 3, 12), (20, 3, 200)]
)
def test_a_shape_that_could_have_other_axes_is_said_aloud(tmp_path, shape):
    note = load("npz", path=saved(tmp_path, df.noise(*shape))).notes["axes"]
    assert f"images {shape[1]} pixels high and {shape[2]} wide" in note


@pytest.mark.parametrize("channels", [2, 4, 12])
def test_an_unusual_number_of_channels_is_said_aloud(tmp_path, channels):
    splits = load("npz", path=saved(tmp_path, df.noise(20, 9, 7, channels)))
    assert f"{channels} channels" in splits.notes["axes"]
    assert splits.train.x.shape[1:] == (9, 7, channels)


@pytest.mark.parametrize("shape", [(20, 9, 7, 3), (20, 9, 7, 1), (20, 28, 28)])
def test_usual_images_need_no_word(tmp_path, shape):
    assert load("npz", path=saved(tmp_path, df.noise(*shape))).notes == {}


pixels = df.noise(20, 6, 5, 3)
EXACT = {
    "float64, 0 to 255": (pixels.astype(float), 1),
    "float32, 0 to 255": (pixels.astype(np.float32), 1),
    "int64": (pixels.astype(int), 1),
    "float64, 0 to 1": (pixels / 255, 1),
    "float32, 0 to 1": (pixels.astype(np.float32) / np.float32(255), 1),
    "half precision, 0 to 1": ((pixels / 255).astype(np.float16), 1),
    "true and false": (pixels > 99, 255),
    "zeros and ones": ((pixels > 99).astype(np.int32), 255),
}


@pytest.mark.parametrize("form", EXACT)
def test_images_that_are_exactly_uint8_are_taken_as_such_and_said(tmp_path, form):
    x, factor = EXACT[form]
    splits = load("npz", path=saved(tmp_path, x))
    wanted = pixels if factor == 1 else 255 * (pixels > 99).astype(np.uint8)
    assert splits.train.x.dtype == np.uint8
    np.testing.assert_array_equal(np.sort(whole(splits), axis=0), np.sort(wanted, axis=0))
    assert str(x.dtype) in splits.notes["pixels"]


RANGES = {
    "-1 to 1": (pixels / 127.5 - 1, "np.rint((x + 1) * 127.5).astype(np.uint8)"),
    "0 to 16": ((pixels // 16 + 1).astype(float), "np.rint(x * (255 / 16)).astype(np.uint8)"),
    "0 to 16, whole": (pixels // 16 + 1, "np.rint(x * (255 / 16)).astype(np.uint8)"),
    "0 to 127": (pixels / 255 * 127, "np.rint(x * (255 / 127)).astype(np.uint8)"),
    "0 to 2": (pixels / 127.5, "np.rint(x * (255 / 2)).astype(np.uint8)"),
    "0 to 1000": (pixels / 0.255, "np.rint(x * (255 / 1000)).astype(np.uint8)"),
    "12 bits": (16 * pixels.astype(np.uint16) + 15, "np.rint(x * (255 / 4095)).astype(np.uint8)"),
    "13 bits": (np.minimum(pixels.astype(int) * 17, 4096), "np.rint(x * (255 / 65535)).astype(np.uint8)"),
    "0 to 5000.5": (pixels * (5000.5 / 255), "np.rint(x * (255 / 5000.5)).astype(np.uint8)"),
    "-2 to 1": (pixels / 85 - 2, "np.rint((x - x.min()) * (255 / (x.max() - x.min()))).astype(np.uint8)"),
    "-1 to 2": (pixels / 85 - 1, "np.rint((x - x.min()) * (255 / (x.max() - x.min()))).astype(np.uint8)"),
    "between grey levels": (pixels + 0.0 + 0.25 * (pixels < 200), "np.rint(x).astype(np.uint8)"),
    "16 bits": (257 * pixels.astype(np.uint16), "np.rint(x * (255 / 65535)).astype(np.uint8)"),
    "standardised": ((pixels - 120.0) / 50, "np.rint((x - x.min()) * (255 / (x.max() - x.min()))).astype(np.uint8)"),
    "fractions": (rng.random((20, 6, 5, 3)), "np.rint(x * (255 / 1)).astype(np.uint8)"),
}


@pytest.mark.parametrize("case", RANGES)
def test_images_of_another_range_are_refused_with_the_line_to_write(tmp_path, case):
    x, line = RANGES[case]
    x = x.astype(np.int64) if case == "0 to 16, whole" else x
    message = df.refused("pixels are uint8 from 0 to 255", "npz", path=saved(tmp_path, x))
    assert line in message
    converted = eval(line, {"np": np, "x": x})
    assert load("npz", path=saved(tmp_path, converted)).train.x.dtype == np.uint8


@pytest.mark.parametrize("brightest", [1, 15, 127])
def test_dark_images_are_said_aloud(tmp_path, brightest):
    note = load("npz", path=saved(tmp_path, pixels // 2 % (brightest + 1))).notes["pixels"]
    assert note.startswith(f"no pixel is brighter than {brightest} of 255; if {brightest} is white, save np.rint(x * (")


def test_images_that_are_bright_enough_or_black_need_no_word(tmp_path):
    assert load("npz", path=saved(tmp_path, np.minimum(pixels, 128))).notes == {}
    part = read_pixels(np.zeros((2, 4, 4, 1), np.uint8), "x")  # as a part of other images
    assert part.note == ""


def test_numbers_that_are_not_finite_are_named(tmp_path):
    x = pixels / 255
    x[3, 2, 1, 0] = np.nan
    df.refused(r"row 3, column 2, 1, 0 of x in .*a\.npz, counted from 0, is NaN", "npz", path=saved(tmp_path, x))


def test_splits_have_one_white(tmp_path):
    np.savez(tmp_path / "a.npz", x_train=pixels / 255, y_train=y, x_test=pixels, y_test=y)
    df.refused("white is not the same .* 1 in x_train, 255 in x_test", "npz", path=tmp_path / "a.npz")


def test_test_samples_on_another_scale_are_said_aloud(tmp_path):
    rows = pixels.reshape(20, -1) / 255
    np.savez(tmp_path / "a.npz", x_train=rows, y_train=y, x_test=255 * rows, y_test=y)
    assert (
        "where the training samples lie from" in load("npz", path=tmp_path / "a.npz").notes["range of the test samples"]
    )
    np.savez(tmp_path / "a.npz", x_train=255 * rows, y_train=y, x_test=rows, y_test=y)
    assert "closer together" in load("npz", path=tmp_path / "a.npz").notes["range of the test samples"]
    np.savez(tmp_path / "a.npz", x_train=rows, y_train=y, x_test=rows[::-1], y_test=y)
    assert load("npz", path=tmp_path / "a.npz").notes == {}


@pytest.mark.parametrize(("train", "test", "why"), [(255, 16, "closer together"), (16, 255, "brighter than")])
def test_test_images_on_another_scale_are_said_aloud(tmp_path, train, test, why):
    def dimmed(white):
        x = np.rint(pixels * (white / 255)).astype(np.uint8)
        x[0] = pixels[0] // 100  # a nearly blank one
        return x

    np.savez(tmp_path / "a.npz", x_train=dimmed(train), y_train=y, x_test=dimmed(test), y_test=y)
    assert why in load("npz", path=tmp_path / "a.npz").notes["range of the test samples"]


def test_usual_names_are_understood_and_no_array_is_dropped_without_a_word(tmp_path):
    x = rng.normal(size=(20, 3))
    more = {"X_test": x, "y_test": y, "x_val": x + 1, "Y_valid": y, "class_names": ["a", "b"], "weights": y}
    np.savez(tmp_path / "a.npz", X_train=x, Y_train=y, **more)
    splits = load("npz", path=tmp_path / "a.npz")
    np.testing.assert_array_equal(splits.validation.x, x + 1)
    assert splits.classes == ("a", "b")
    assert splits.notes == {"unused arrays": "weights"}


@pytest.mark.parametrize("value", [1e308, -1e39, 1e6])
def test_a_single_value_far_beyond_the_training_samples_is_said_aloud(tmp_path, value):
    x, many = rng.normal(size=(200, 3)), np.arange(200) % 2
    test = x[:40].copy()
    test[3, 1] = value
    np.savez(tmp_path / "a.npz", x_train=x, y_train=many, x_test=test, y_test=many[:40])
    note = load("npz", path=tmp_path / "a.npz").notes["range of the test samples"]
    assert note.startswith(f"row 3, column 1, counted from 0, is {value:g}, where the training samples lie from -")
    assert note.endswith("; values so far off: 1 of 120")


def test_a_single_value_far_beyond_is_named_by_its_row_in_the_archive(tmp_path):
    x, many = rng.normal(size=(200, 3)), np.arange(200) % 2
    path = tmp_path / "a.npz"
    np.savez(path, x=np.arange(200.0)[:, None], y=many)
    row = int(load("npz", path=path).test.x[7, 0])
    x[row, 2] = 1e39
    np.savez(path, x=x, y=many)
    assert load("npz", path=path).notes["range of the samples"].startswith(f"row {row}, column 2, ")


ALIKE = {
    "a table": np.ones((20, 3)),
    "but for rounding": np.where(y[:, None], 0.3, 0.1 + 0.2) * np.ones(3),
    "images": np.full((20, 8, 8), 200, np.uint8),
    "images with a motif": np.broadcast_to(pixels[0], (20, 6, 5, 3)),
}


@pytest.mark.parametrize("case", ALIKE)
def test_samples_that_are_all_alike_are_refused(tmp_path, case):
    unit = "pixel" if "images" in case else "column"
    df.refused(f"no {unit} of x in .* varies: all training samples are alike", "npz", path=saved(tmp_path, ALIKE[case]))


def test_one_value_that_differs_is_enough(tmp_path):
    for x in (np.ones((20, 3)), np.full((20, 3), 2**24), np.full((20, 3), 1e9)):
        x[y == 1, 2] += 1
        assert load("npz", path=saved(tmp_path, x)).notes == {}
