"""The data sets inside the package are those of scikit-learn, bit for bit."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from backhand.data import embedded, load
from backhand.data.dataset import Dataset
from backhand.data.provenance import PublishedFile
from backhand.data.split import hold_out_test
from backhand.errors import DataError

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def published():
    return runpy.run_path(str(ROOT / "packaging" / "embed_data.py"))["arrays"]()


@pytest.mark.parametrize("name", embedded.FILES)
def test_the_stored_arrays_are_those_of_scikit_learn(name, published):
    stored = embedded.arrays(name)
    assert set(stored) == set(published[name])
    for key, values in published[name].items():
        assert stored[key].dtype == values.dtype
        np.testing.assert_array_equal(stored[key], values)


def test_what_is_loaded_is_what_scikit_learn_gave():
    from sklearn.datasets import load_breast_cancer, load_digits

    values, y = load_digits(return_X_y=True)
    digits = Dataset(np.rint(values * (255 / 16)).astype(np.uint8).reshape(-1, 8, 8, 1), y.astype(np.int64))
    values, y = load_breast_cancer(return_X_y=True)
    tumours = Dataset(values.astype(np.float32), y.astype(np.int64))
    for name, samples in (("digits", digits), ("breast_cancer", tumours)):
        splits = load(name)
        for loaded, expected in zip((splits.train, splits.test), hold_out_test(samples), strict=True):
            assert (loaded.x.dtype, loaded.y.dtype) == (expected.x.dtype, expected.y.dtype)
            np.testing.assert_array_equal(loaded.x, expected.x)
            np.testing.assert_array_equal(loaded.y, expected.y)


def test_scaled_diabetes_is_what_scikit_learn_gives_by_default():
    from sklearn.datasets import load_diabetes

    x = embedded.arrays("diabetes")["x"]
    expected = load_diabetes().data
    centred = x - x.mean(0)
    np.testing.assert_allclose(centred / np.linalg.norm(centred, axis=0), expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("content", [b"", b"PK damaged"])
def test_a_damaged_installation_is_told(content, monkeypatch, tmp_path):
    monkeypatch.setattr(embedded, "files", lambda package: tmp_path)
    if content:
        (tmp_path / "digits.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"digits.npz of the installed package is missing or damaged; install backhand"):
        load("digits")


def test_every_file_has_its_row_in_the_readme():
    folder = Path(embedded.__file__).parent
    text = (folder / "README.md").read_text("utf-8")
    assert {path.name for path in folder.glob("*.npz")} == {file.name for file in embedded.FILES.values()}
    assert all(isinstance(file, PublishedFile) and f"| `{file.name}` |" in text for file in embedded.FILES.values())
