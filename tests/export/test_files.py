"""Exports as files: the suffix chooses the form, all files are written or none, and nothing is replaced unasked."""

import errno
import os

import numpy as np
import onnxruntime
import pytest

import backhand
from backhand.errors import BackhandError
from backhand.export import export_model
from tests.export.networks import LAYERS, architecture, built, classifier

EVERYTHING = ["README.md", "model.onnx", "model.safetensors", "torch_model.py", "torch_model_weights.safetensors"]


@pytest.fixture
def predictor(rng):
    return classifier(built(*LAYERS["flatten"]), rng)


def files(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("hats.onnx", ["hats.onnx"]),
        ("hats.py", ["hats.py", "hats_weights.safetensors"]),
        ("hats.safetensors", ["hats.safetensors"]),
        ("hats.md", ["hats.md"]),
    ],
)
def test_the_suffix_chooses_the_form(predictor, tmp_path, name, expected):
    written = export_model(predictor, tmp_path / "new" / name)
    assert files(tmp_path / "new") == expected == sorted(path.name for path in written)


def test_a_folder_gets_everything(predictor, tmp_path):
    assert sorted(path.name for path in export_model(predictor, tmp_path / "out")) == EVERYTHING
    assert files(tmp_path / "out") == EVERYTHING
    x = np.zeros((1, *predictor.sample_shape), np.uint8)
    loaded = backhand.load_model(tmp_path / "out" / "model.safetensors")
    assert (loaded.scores(x) == predictor.scores(x)).all()


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("onnx", ["README.md", "model.onnx"]),
        (["torch"], ["README.md", "torch_model.py", "torch_model_weights.safetensors"]),
        (["model", "onnx", "model"], ["README.md", "model.onnx", "model.safetensors"]),
        ("card", ["README.md"]),
    ],
)
def test_a_folder_gets_the_forms_that_are_named(predictor, tmp_path, to, expected):
    export_model(predictor, tmp_path / "out", to=to)
    assert files(tmp_path / "out") == expected


def test_a_folder_that_is_there_may_have_any_name(predictor, tmp_path):
    (tmp_path / "my.onnx").mkdir()
    export_model(predictor, tmp_path / "my.onnx", to="model")
    assert files(tmp_path / "my.onnx") == ["README.md", "model.safetensors"]


def test_nothing_is_replaced_unless_it_is_asked_for(predictor, tmp_path):
    (tmp_path / "hats_weights.safetensors").write_text("mine")
    with pytest.raises(BackhandError, match=r"hats_weights.safetensors is there already; .* or pass --force"):
        export_model(predictor, tmp_path / "hats.py")
    assert files(tmp_path) == ["hats_weights.safetensors"]
    assert (tmp_path / "hats_weights.safetensors").read_text() == "mine"
    export_model(predictor, tmp_path / "hats.py", force=True)
    assert files(tmp_path) == ["hats.py", "hats_weights.safetensors"]


@pytest.mark.parametrize(
    ("name", "to", "said"),
    [
        ("hats.pt", (), r'an export has no form for the suffix ".pt"; name a file in .onnx \(onnx\), .py'),
        ("hats.onnx", "torch", "hats.onnx is for the form onnx, not torch; name a folder for several"),
        ("hats.onnx", ("onnx", "model"), "is for the form onnx, not onnx, model"),
        ("out", "onxx", 'unknown form "onxx" of an export; did you mean "onnx"'),
    ],
)
def test_what_does_not_fit_is_refused(predictor, tmp_path, name, to, said):
    with pytest.raises(BackhandError, match=said):
        export_model(predictor, tmp_path / name, to=to)
    assert files(tmp_path) == []


def test_where_onnx_runtime_differs_nothing_is_written(predictor, tmp_path, monkeypatch):
    run = onnxruntime.InferenceSession.run
    monkeypatch.setattr(onnxruntime.InferenceSession, "run", lambda *args: [out + 1 for out in run(*args)])
    with pytest.raises(BackhandError, match="differs from Backhand"):
        export_model(predictor, tmp_path / "out")
    assert files(tmp_path) == []


def test_where_onnx_runtime_differs_a_file_that_is_there_is_kept(predictor, tmp_path, monkeypatch):
    run = onnxruntime.InferenceSession.run
    monkeypatch.setattr(onnxruntime.InferenceSession, "run", lambda *args: [out + 1 for out in run(*args)])
    (tmp_path / "hats.onnx").write_text("mine")
    with pytest.raises(BackhandError, match="differs from Backhand"):
        export_model(predictor, tmp_path / "hats.onnx", force=True)
    assert (files(tmp_path), (tmp_path / "hats.onnx").read_text()) == (["hats.onnx"], "mine")


@pytest.mark.parametrize("there", [True, False])
def test_where_the_disk_is_full_all_is_as_it_was(predictor, tmp_path, monkeypatch, there):
    synced, fsync = [], os.fsync

    def fill_up(file):
        synced.append(file)
        if len(synced) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(file)

    monkeypatch.setattr(os, "fsync", fill_up)
    folder = tmp_path / "new" / "folder"
    if there:
        folder.mkdir(parents=True)
        (folder / "hats.py").write_text("mine")
    with pytest.raises(BackhandError, match=r"cannot write .*hats.*: No space left"):
        export_model(predictor, folder / "hats.py", force=True)
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")] == ["new/folder/hats.py"] * there
    assert (tmp_path / "new").exists() == there
    assert not there or (folder / "hats.py").read_text() == "mine"


def test_a_bare_model_is_exported_too(tmp_path, rng):
    model = architecture("lenet")
    export_model(model, tmp_path / "out")
    assert files(tmp_path / "out") == EVERYTHING
    text = (tmp_path / "out" / "README.md").read_text("utf-8")
    assert "(scores,) = session.run" in text
    assert "scores = model.predict(x)" in text
    assert "## Result" not in text


def test_the_public_names_are_these():
    assert backhand.export_model is export_model
