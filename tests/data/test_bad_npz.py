"""Mistakes in a person's own arrays."""

import io
import warnings
import zipfile

import numpy as np
import pytest

from backhand.data import load
from tests.data import datafiles as df
from tests.data.datafiles import Evil, refused

x, y = np.random.default_rng(0).normal(size=(20, 3)), np.arange(20) % 2
with_nan = x.copy()
with_nan[7, 1] = np.nan
BAD_NPZ = {
    "nothing": ({}, "holds no NumPy arrays"),
    "no labels": ({"x": x}, "lacks the array y"),
    "no test labels": ({"x_train": x, "y_train": y, "x_test": x}, "lacks the array y_test"),
    "counts differ": ({"x": x, "y": y[:-1]}, r"shape \(20, 3\) but y 19 labels"),
    "NaN": ({"x_train": with_nan, "y_train": y, "x_test": x, "y_test": y}, "row 7, column 1 of x_train in .* is NaN"),
    "infinity": ({"x": x * np.inf, "y": y}, r"row 0, column 0 of x in .* is -?infinity \(and 59 more"),
    "beyond float64": ({"x": x * np.longdouble("1e4000"), "y": y}, "row 0, column 0 of x in .* is beyond float64"),
    "objects": (
        {"x": np.array([Evil()] * 20, dtype=object), "y": y},
        r"holds Python objects, .* np.asarray\(names, str\)",
    ),
    "strings": ({"x": np.array([["a"]] * 20), "y": y}, "is <U1 of shape"),
    "float labels": ({"x": x, "y": y + 0.5}, "labels must be integers"),
    "a gap in the labels": ({"x": x, "y": y * 2}, "the labels .* are 0, 2; number the classes"),
    "negative labels": ({"x": x, "y": y - 1}, "number the classes 0, 1, 2"),
    "one class": ({"x": x, "y": y * 0}, 'has the one class "0"; a classifier needs'),
    "label beyond int64": ({"x": x, "y": y + np.uint64(2**63)}, "labels must be integers"),
    "a test label outside": (
        {"x_train": x, "y_train": y, "x_test": x, "y_test": y * 5},
        "label 5 of sample 1 in the test",
    ),
    "shapes differ": ({"x_train": x, "y_train": y, "x_test": x[:, :2], "y_test": y}, "make them equal"),
    "rows and images": (
        {"x_train": x, "y_train": y, "x_test": df.noise(20, 3, 3), "y_test": y},
        "some samples .* are rows and some images",
    ),
    "samples in columns": ({"x": x.T, "y": y}, r"along the first axis: write x.transpose\(1, 0\)"),
    "one feature without an axis": ({"x": x[:, 0], "y": y}, r"write x\[:, None\]"),
    "times": ({"x": np.full((20, 2), "2024-01-01", "datetime64[s]"), "y": y}, r"x.astype\(np.int64\)"),
    "complex numbers": ({"x": x * 1j, "y": y}, "is complex128"),
    "other names": ({"X": x, "target": y}, "lacks the array y, and has X, target; save x_train"),
    "whole and divided": (
        {"x": x, "y": y, "x_test": x, "y_test": y},
        "holds x and y beside x_test, y_test; save x_train, .* or x and y alone",
    ),
    "whole, and samples to validate": ({"x": x, "y": y, "X_val": x}, "holds x and y beside X_val"),
    "labels to validate alone": (
        {"x_train": x, "y_train": y, "x_test": x, "y_test": y, "y_validation": y},
        "lacks the array x_validation",
    ),
    "test samples alone": ({"x_test": x, "y_test": y}, "lacks the array x_train"),
    "twice": ({"x": x, "X": x, "y": y}, "X and x, which mean the same"),
    "empty": ({"x": x[:0], "y": y[:0]}, "is empty"),
    "a scalar": ({"x": np.float64(1), "y": y}, "every sample needs one label"),
    "classes of numbers": ({"x": x, "y": y, "classes": np.arange(2)}, "classes .* strings"),
}


@pytest.mark.parametrize("case", BAD_NPZ)
def test_bad_npz(tmp_path, case, capfd):
    arrays, match = BAD_NPZ[case]
    np.savez(tmp_path / "a.npz", **arrays)
    refused(match, "npz", path=tmp_path / "a.npz")
    assert capfd.readouterr().err == ""


def test_a_single_array_is_no_archive(tmp_path):
    np.save(tmp_path / "x.npy", x)
    refused(r"x.npy is a single array; .*: np.savez\(NAME, x=x, y=y\)", "npz", path=tmp_path / "x.npy")


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_arrays_of_every_version_of_the_format(tmp_path, version):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        for name, array in (("x", x), ("y", y)):
            content = io.BytesIO()
            np.lib.format.write_array(content, array, version)
            archive.writestr(f"{name}.npy", content.getvalue())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert len(load("npz", path=tmp_path / "a.npz").train) == 16


def test_a_folder_of_arrays_is_no_single_one(tmp_path):
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", y)
    assert len(load("npz", path=tmp_path).train) == 16


@pytest.mark.parametrize("shape", ["(-1, -20)", "(20, -3)", "(-60,)"])
def test_a_header_of_fewer_than_no_rows_is_refused(tmp_path, shape):
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}\n".encode()
    content = b"\x93NUMPY\x01\0" + len(header).to_bytes(2, "little") + header + bytes(160)
    df.in_zip(tmp_path / "a.npz", {"x.npy": content})
    refused("announces .* save it again|is not a NumPy array", "npz", path=tmp_path / "a.npz")


def test_an_npy_header_that_lies_allocates_nothing(tmp_path):
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": "<f8", "fortran_order": False, "shape": (10**12, 4)})
    refused("announces 32000000000000 bytes", "npz", path=df.in_zip(tmp_path / "a.npz", {"x.npy": out.getvalue()}))


@pytest.mark.parametrize("content", [b"", b"text", b"\x93NUMPY\x01\x00\x05\x00oops\n", b"\x93NUMPY\x09\x00"])
def test_a_member_that_is_no_array(tmp_path, content):
    refused("x.npy is not a NumPy array", "npz", path=df.in_zip(tmp_path / "a.npz", {"x.npy": content}))
