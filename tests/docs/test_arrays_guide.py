"""The guide on arrays: its archive trains as its study says, its code runs, its sentences are those that are said."""

import re
from pathlib import Path

import numpy as np
import pytest

from backhand import data
from backhand.data import Standardizer
from backhand.data.frames.options import TableOptions
from backhand.errors import DataError
from backhand.experiments.run import work
from backhand.experiments.run.predict import load_classifier
from backhand.study import load
from tests.docs.markdown_pages import GUIDES, blocks, run_python

PAGE = GUIDES / "your-own-arrays.md"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The guide's own archive, study and run, in a folder that is the present one."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("arrays")
        patch.chdir(folder)
        exec(blocks(PAGE, "python")[0], {})
        Path("mine.toml").write_text(blocks(PAGE, "toml")[0])
        yield work.run(load("mine.toml"), Path("runs/mine"), quiet=True)


def test_from_arrays_to_prediction(trained, capsys):
    assert trained.test.accuracy > 0.9
    run_python(PAGE)
    assert "('even', 'odd') [[" in capsys.readouterr().out


rng = np.random.default_rng(0)
x, y = rng.normal(size=(20, 3)), np.arange(20) % 2
images = rng.integers(0, 256, (20, 16, 16, 3), dtype=np.uint8)
SAID = {
    "counted from 0, is NaN": {"x": np.where(x > 1, np.nan, x), "y": y},
    "counted from 0, is infinity": {"x": np.where(x > 1, np.inf, x), "y": y},
    "float64 rounds away what tells its samples apart": {"x": 2**60 + np.arange(20)[:, None], "y": y},
    "channels come last": {"x": images.transpose(0, 3, 1, 2), "y": y},
    "samples lie along the first axis": {"x": x.T, "y": y},
    "pixels are uint8 from 0 to 255": {"x": images / 200, "y": y},
    "white is not the same in all images": {"x_train": images, "y_train": y, "x_test": images / 255, "y_test": y},
    "lacks the array": {"x_train": x, "y_train": y},
    "which mean the same": {"x": x, "X": x, "y": y},
    "beside": {"x": x, "y": y, "x_test": x, "y_test": y},
    "all training samples are alike": {"x": np.ones((20, 3)), "y": y},
    "is not one-hot": {"x": x, "y": np.ones((20, 2))},
    "has no 1": {"x": x, "y": np.eye(3)[y]},
    "without a gap": {"x": x, "y": y + 1},
    "for a regression set data.target": {"x": x, "y": x[:, 0]},
    "is empty; give every class a name": {"x": x, "y": y, "classes": ["a", ""]},
    "give every class its own name": {"x": x, "y": y, "classes": ["a", "a"]},
    "holds Python objects": {"x": x, "y": np.array([None] * 20)},
}


def saves(tmp_path, case):
    np.savez(tmp_path / "a.npz", **SAID[case])
    data.load("npz", path=tmp_path / "a.npz")


def targets(tmp_path, y):
    np.savez(tmp_path / "a.npz", x=x, y=y)
    data.load("npz", path=tmp_path / "a.npz", table=TableOptions(targets=("size",)))


def test_every_error_of_the_table_is_said(trained, tmp_path):
    said = re.findall(r"^\| `(.+?)` \|", PAGE.read_text("utf-8").partition("## Errors")[2], re.MULTILINE)
    acts = {case: lambda case=case: saves(tmp_path, case) for case in SAID}
    acts["would round away what tells the samples apart"] = lambda: Standardizer.fit(1e9 + x, "none")
    acts["bring the samples to the scale of the training data"] = lambda: load_classifier(
        Path("runs/mine")
    ).predict_proba(np.full((5, 2), 1e12))
    acts["and data.target names"] = lambda: targets(tmp_path, x[:, :2])
    acts["targets must be numbers"] = lambda: targets(tmp_path, y > 0)
    np.save(tmp_path / "x.npy", x)
    acts["is a single array"] = lambda: data.load("npz", path=tmp_path / "x.npy")
    acts["is masked"] = lambda: data.Dataset(np.ma.masked_greater(x, 1), y)
    acts["must be a NumPy array"] = lambda: data.Dataset(x.tolist(), y)
    assert sorted(said) == sorted(acts)
    for sentence, act in acts.items():
        with pytest.raises(DataError, match=re.escape(sentence)):
            act()
