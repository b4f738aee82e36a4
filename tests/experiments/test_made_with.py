"""What an experiment is given beside its study is kept in its folder, and given again when it goes on."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from backhand import backend
from backhand.errors import BackhandWarning, DataError
from backhand.experiments import environment
from backhand.experiments.comparison import work as comparison
from backhand.experiments.comparison.plan import Plan
from backhand.experiments.environment import Options
from backhand.experiments.extension import work as extension
from backhand.experiments.extension.plan import Plan as Planned
from backhand.experiments.questions import work as questions
from backhand.experiments.questions.plan import question
from backhand.experiments.run import work
from backhand.experiments.search import work as search
from backhand.experiments.series import work as series
from backhand.study import load, load_series
from backhand.study.extend import ExtendTable
from tests.experiments import studytexts

STUDY = """
name = "small"
[data]
name = "mnist"
classes = ["0", "1", "2"]
[model]
name = "mlp"
hidden = [4]
[train]
epochs = 1
keep_states = true
"""
SPACE = '[search]\nseeds = 1\ntrials = 1\n[search.space]\n"train.optimizer.lr" = [0.1, 0.2]\n'
SERIES = """
study = "small.toml"
axes = [{ name = "rate", key = "train.optimizer.lr", values = [0.1, 0.2] }]
"""
GRID = 'search.space={"model.hidden"=[[4]], "model.dropout"=[0.5]}'


def idx(array):
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">i4").tobytes() + array.tobytes()


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder of data sets with 200 noisy digits in it."""
    folder, rng = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    (folder / "mnist").mkdir()
    for split in ("train", "t10k"):
        y = np.arange(100, dtype=np.uint8) % 10
        x = (rng.integers(0, 60, (100, 28, 28)) + 15 * y[:, None, None]).astype(np.uint8)
        (folder / "mnist" / f"{split}-images-idx3-ubyte").write_bytes(idx(x))
        (folder / "mnist" / f"{split}-labels-idx1-ubyte").write_bytes(idx(y))
    return folder


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """A process whose own folder of data sets is empty, with the studies in its present folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BACKHAND_DATA", str(tmp_path / "nothing"))
    monkeypatch.setenv("BACKHAND_CACHE", str(tmp_path / "cache"))
    Path("small.toml").write_text(STUDY)
    Path("searched.toml").write_text(STUDY + SPACE)
    Path("few.toml").write_text(studytexts.series(SERIES))
    (tmp_path / "nothing").mkdir()


def one_run(data_dir, again):
    study = load("small.toml", ["train.epochs=2"] if again else ())
    return work.run(study, "out", data_dir=data_dir, resume=again, quiet=True)


def one_search(data_dir, again):
    study = load("searched.toml", ["search.trials=2"] if again else ())
    return search.run(study, "out", data_dir=data_dir, resume=again, quiet=True)


def one_series(data_dir, again):
    if again:
        next(Path("out").glob("one/*.json")).unlink()
    return series.run(load_series("few.toml"), "out", data_dir=data_dir, resume=again, quiet=True)


def one_comparison(data_dir, again):
    study = load("small.toml", ["data.validation=0.3"])
    plan = Plan(study.data, (study,), ("tree",), folds=2)
    return comparison.run(plan, "out", data_dir=data_dir, resume=again, quiet=True)


def one_question(data_dir, again):
    if again:
        record = json.loads(Path("out/question.json").read_text())
        Path("out/question.json").write_text(json.dumps(record | {"cells": []}))
    overrides = ["data.name=mnist", "data.train_size=50", "train.epochs=1", GRID]
    return questions.run(
        "dropout", question("dropout").study(overrides), "out", data_dir=data_dir, resume=again, quiet=True
    )


def one_extension(data_dir, again):
    if not again:
        work.run(load("small.toml"), "first", data_dir=data_dir, quiet=True)
        new = ExtendTable(run="first", name="mnist", classes=("3",))
        return extension.run(Planned(new, ("with-old",)), "out", quiet=True)  # finds the data of the run by itself
    if Path("out/with-old").exists():
        shutil.rmtree("out/with-old")
        record = json.loads(Path("out/extend.json").read_text())
        Path("out/extend.json").write_text(json.dumps(record | {"ways": {"with-old": {}}}))
    return extension.resume("out", data_dir=data_dir, quiet=True)


KINDS = [one_run, one_search, one_series, one_comparison, one_question]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_what_goes_on_finds_its_data_where_they_lay(kind, data, tmp_path):
    kind(data, again=False)
    kept = json.loads(Path("out/environment.json").read_text())
    assert kept["options"] == {"data_dir": str(data), "backend": "cpu", "threads": backend.threads()}
    assert "command" in kept
    assert kind(None, again=True) is not None
    with pytest.raises(DataError):
        kind(tmp_path / "nothing", again=True)


def test_an_extension_finds_the_data_of_its_run(data):
    one_extension(data, again=False)
    assert "command" in json.loads(Path("out/environment.json").read_text())
    assert one_extension(None, again=True).ways["with-old"].right


def test_a_relative_folder_and_that_of_the_variable_are_kept_as_absolute_ones(data, tmp_path, monkeypatch):
    monkeypatch.chdir(data.parent)
    environment.note(tmp_path, 0, Path(data.name), anew=True)
    assert Options.of(tmp_path).data_dir == data
    monkeypatch.setenv("BACKHAND_DATA", data.name)
    environment.note(tmp_path, 0, None, anew=True)
    assert Options.of(tmp_path).data_dir == data
    monkeypatch.delenv("BACKHAND_DATA")
    environment.note(tmp_path, 0, None, anew=True)
    assert Options.of(tmp_path).data_dir is None
    environment.note(tmp_path, 0, Path("caf\udce9"), anew=True)  # bytes that no JSON can hold
    assert Options.of(tmp_path).data_dir is None


def test_a_folder_that_is_gone_is_not_asked_for(tmp_path):
    environment.note(tmp_path, 0, tmp_path / "gone", anew=True)
    with pytest.warns(BackhandWarning, match=f"{tmp_path / 'gone'}, where data sets lay for {tmp_path}, is gone;"):
        assert environment.data_dir(tmp_path, None, resume=True) is None
    assert environment.data_dir(tmp_path, None, resume=False) is None
    assert environment.data_dir(tmp_path, "given", resume=True) == Path("given")


def test_the_options_of_the_latest_resume_are_kept(data, tmp_path):
    """Data sets that were moved and named once are known from then on; so is the backend."""
    moved = shutil.copytree(data, tmp_path / "moved")
    one_run(moved, again=False)
    moved.rename(tmp_path / "again")
    backend.use("reference")
    try:
        with pytest.warns(BackhandWarning, match="references on NumPy"):
            one_run(tmp_path / "again", again=True)
    finally:
        backend.use("cpu")
    assert Options.of(Path("out")) == Options(data_dir=tmp_path / "again", backend="reference")
    one_run(None, again=True)
    assert Options.of(Path("out")).data_dir == tmp_path / "again"
    assert len(json.loads(Path("out/environment.json").read_text())["resumed"]) == 2


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"options": 3}', '{"options": {"backend": "x", "threads": "y"}}'])
def test_a_record_that_cannot_be_read_stops_nothing(content, tmp_path):
    (tmp_path / "environment.json").write_text(content)
    assert Options.of(tmp_path) == Options()
    assert Options.of(tmp_path / "nowhere") == Options()


def test_going_on_is_added_and_other_bits_are_said(tmp_path):
    environment.note(tmp_path, 0, None, anew=True)
    first = json.loads((tmp_path / "environment.json").read_text())
    environment.note(tmp_path, 0, None)
    second = json.loads((tmp_path / "environment.json").read_text())
    assert second | {"resumed": []} == first
    assert len(second["resumed"]) == 1
    (tmp_path / "environment.json").write_text(json.dumps(second | {"cpu": "another", "numpy": "1.0"}))
    with pytest.warns(BackhandWarning, match=r"with .* \(before: 1.0\), .* \(before: another\): its last digits"):
        environment.note(tmp_path, 0, None)
    third = json.loads((tmp_path / "environment.json").read_text())["resumed"]
    assert third[0] == second["resumed"][0]
    assert third[1].endswith("(before: another)")


def test_a_run_that_goes_on_with_another_backend_says_so(data):
    one_run(data, again=False)
    backend.use("reference")
    try:
        with pytest.warns(BackhandWarning, match="references on NumPy .before: kernels on vectors of"):
            one_run(None, again=True)
    finally:
        backend.use("cpu")
