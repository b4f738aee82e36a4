"""Labels of a person's own arrays, in every form that they come in."""

import re

import numpy as np
import pytest

from backhand.data import load
from tests.data import datafiles as df

NAMES = np.array(["dog", "cat", "cow"])
numbers = np.arange(24) % 3
x = np.random.default_rng(0).normal(size=(24, 2))


def split(path, y, **more):
    """An archive of these labels in both splits, as it is loaded."""
    np.savez(path / "a.npz", x_train=x, y_train=y, x_test=x[:12], y_test=y[:12], **more)
    return load("npz", path=path / "a.npz")


FORMS = {
    "whole numbers": (numbers, numbers, ("0", "1", "2"), None),
    "small whole numbers": (numbers.astype(np.uint8), numbers, ("0", "1", "2"), None),
    "floats": (numbers.astype(float), numbers, ("0", "1", "2"), "float64 values that are integers"),
    "a column": (numbers[:, None], numbers, ("0", "1", "2"), r"a column of shape \(24, 1\), read as \(24,\)"),
    "one-hot": (np.eye(3)[numbers], numbers, ("0", "1", "2"), "one-hot rows of 3, read as the index of their 1"),
    "one-hot, true and false": (np.eye(3, dtype=bool)[numbers], numbers, ("0", "1", "2"), "one-hot"),
    "text": (NAMES[numbers], np.array([2, 0, 1])[numbers], ("cat", "cow", "dog"),
             "text, numbered in sorted order: cat, cow, dog"),
    "bytes": (NAMES.astype("S")[numbers], np.array([2, 0, 1])[numbers], ("cat", "cow", "dog"), "sorted order"),
    "a column of text": (NAMES[numbers][:, None], np.array([2, 0, 1])[numbers], ("cat", "cow", "dog"), "text, num"),
    "one-hot of two": (np.eye(2)[numbers % 2], numbers % 2, ("0", "1"), "one-hot rows of 2"),
    "a column of true and false": ((numbers > 0)[:, None], (numbers > 0).astype(int), ("False", "True"), "0 and 1"),
    "true and false": (numbers > 0, (numbers > 0).astype(int), ("False", "True"), "false and true, read as 0 and 1"),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_what_labels_may_be(tmp_path, form):
    y, wanted, classes, note = FORMS[form]
    splits = split(tmp_path, y)
    assert splits.classes == classes
    assert splits.train.y.dtype == np.int64
    np.testing.assert_array_equal(splits.train.y, wanted)
    np.testing.assert_array_equal(splits.test.y, wanted[:12])
    if note is None:
        assert "labels" not in splits.notes
    else:
        assert re.search(note, splits.notes["labels"])


@pytest.mark.parametrize("dtype", ["U", "S"])
def test_text_is_numbered_in_the_order_of_classes_where_they_are_given(tmp_path, dtype):
    splits = split(tmp_path, NAMES.astype(dtype)[numbers], classes=NAMES.astype(dtype))
    assert splits.classes == tuple(NAMES)
    np.testing.assert_array_equal(splits.train.y, numbers)
    assert splits.notes["labels"] == "text, numbered in the order of classes"


def test_a_letter_with_an_accent_is_one_letter_however_it_is_written(tmp_path):
    y = np.array(["caf\u00e9", "cafe\u0301", "tea"])[numbers]
    for written in (y, np.char.encode(y, "utf-8")):
        assert split(tmp_path, written).classes == ("caf\u00e9", "tea")
        assert split(tmp_path, written, classes=["tea", "cafe\u0301"]).classes == ("tea", "caf\u00e9")


@pytest.mark.parametrize("y", [numbers * 0, np.full(24, "only")])
def test_one_class_is_enough_for_an_extension_alone(tmp_path, y):
    np.savez(tmp_path / "a.npz", x=x, y=y)
    assert load("npz", path=tmp_path / "a.npz", min_classes=1).classes == (str(y[0]),)
    df.refused(f'has the one class "{y[0]}"', "npz", path=tmp_path / "a.npz")
    np.savez(tmp_path / "a.npz", x=np.ones((24, 2)), y=y)  # which may be alike
    assert len(load("npz", path=tmp_path / "a.npz", min_classes=1).classes) == 1


def test_a_class_of_one_sample_is_named(tmp_path):
    np.savez(tmp_path / "a.npz", x=x, y=np.where(np.arange(24) == 3, "rare", "usual"))
    df.refused('class "rare" has 1 of 24 samples, too few', "npz", path=tmp_path / "a.npz")


@pytest.mark.parametrize(("count", "shown"), [(5, "a, b, c, d, e"), (6, "a, b, c, d, e ...")])
def test_the_first_five_names_are_told(tmp_path, count, shown):
    y = np.array(list("abcdef"))[np.arange(24) % count]
    assert split(tmp_path, y).notes["labels"] == f"text, numbered in sorted order: {shown}"


def test_letters_from_the_ends_of_unicode_are_letters(tmp_path):
    assert split(tmp_path, np.array(["\x80", "~", "\U0010ffff"])[numbers]).classes == ("~", "\x80", "\U0010ffff")


BAD = {
    "an empty name": ({"classes": ["a", "", "c"]}, numbers, "name 1 of classes in .* is empty"),
    "a blank name": ({"classes": ["a", "b", "  "]}, numbers, "name 2 of classes in .* is empty"),
    "a doubled name": ({"classes": ["a", "b", "a"]}, numbers, 'names 0 and 2 of classes in .* are both "a"'),
    "names that look alike": ({"classes": ["a", "b", "a "]}, numbers, 'names 0 and 2 of .* are both "a"'),
    "too many names": ({"classes": ["a", "b", "c", "d"]}, numbers, 'class "d" has no samples'),
    "too few names": ({"classes": ["a", "b"]}, numbers, "label 2 of sample 2 .* is outside 0 to 1"),
    "a name that is no class": ({"classes": ["dog", "cat", "pig"]}, NAMES[numbers], 'row 2 .* is "cow", which is not'),
    "an empty label": ({}, np.array(["", "a"])[numbers % 2], "is empty"),
    "labels that look alike": ({}, np.array(["cat", "cat ", "dog"])[numbers], 'are both "cat"'),
    "bytes of another encoding": ({}, np.array([b"a", b"\xe9", b"c"])[numbers], "no text in UTF-8"),
    "no characters": ({}, np.frombuffer(np.array([65, 2**31, 67], np.uint32), "<U1")[numbers], "no text in UTF-8"),
    "half a character": ({}, np.array(["a", "\ud800", "c"])[numbers], "no text in UTF-8"),
    "a name that is no text": ({"classes": [b"a", b"\xe9", b"c"]}, numbers, r"^classes in .*a\.npz is no text"),
    "a deleted character": ({}, np.array(["a", "b\x7f", "c"])[numbers], "leave out control characters"),
    "lines": ({}, np.array(["a", "b\n", "c"])[numbers], r"row 1 .* is 'b\\n'; leave out control characters"),
    "half a class": ({}, np.where(numbers == 1, 1.5, numbers), "row 1 of y_train .* is 1.5; labels must be integers"),
    "no label": ({}, np.where(numbers == 1, np.nan, numbers), "row 1 of y_train in .* is nan; labels must be integers"),
    "an infinite label": ({}, np.where(numbers == 1, np.inf, numbers), "is inf; labels must be integers"),
    "several classes at once": ({}, np.eye(3)[numbers] + np.eye(3)[0], r"row 0 is not one-hot: .* y.argmax\(axis=1\)"),
    "probabilities": ({}, np.full((24, 3), 1 / 3), r"row 0 is not one-hot: .* y.argmax\(axis=1\)"),
    "shares beside a 1": ({}, np.where(numbers[:, None] == 1, [1, 0.5], [1, 0]), "row 1 is not one-hot"),
    "too large for any class": ({}, np.where(numbers == 1, np.uint64(2**63), numbers.astype("u8")), "row 1 .* 9223372"),
    "one of two classes without a sample": ({}, np.eye(2)[numbers * 0], "column 1 of y_train .* no 1"),
    "one row of labels": ({}, numbers[None], r"write .*y.ravel\(\)"),
    "no columns": ({}, numbers.reshape(24, 1)[:, :0], "labels must be integers or text"),
    "numbers from 1": ({}, numbers + 1, r"are 1, 2, 3; .* y.astype\(str\)"),
    "dates": ({}, numbers.astype("datetime64[D]"), "is datetime64"),
    "a class without a sample": ({}, np.eye(4)[numbers], r"column 3 of y_train .* no 1, .*: y\[:, \[0, 1, 2\]\]"),
    "a class of the middle without one": ({}, np.eye(4)[numbers + (numbers > 0)], "column 1 of y_train"),
    "a named class without one": ({"classes": ["a", "b", "c"]}, np.eye(4)[numbers], "column 3 of y_train"),
    "an accent in two forms": ({"classes": ["caf\u00e9", "cafe\u0301"]}, numbers % 2, "names 0 and 1 .* are both"),
    "three axes": ({}, numbers[:, None, None], "labels must be integers or text"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_labels_may_not_be(tmp_path, case):
    more, y, match = BAD[case]
    np.savez(tmp_path / "a.npz", x_train=x, y_train=y, x_test=x[:12], y_test=y[:12], **more)
    df.refused(match, "npz", path=tmp_path / "a.npz")


def test_text_and_numbers_do_not_mix(tmp_path):
    np.savez(tmp_path / "a.npz", x_train=x, y_train=NAMES[numbers], x_test=x, y_test=numbers)
    df.refused("some labels in .* are text and some are numbers", "npz", path=tmp_path / "a.npz")
