"""Exports as files: the suffix chooses the form, all files are written or none, and nothing is replaced unasked."""

import numpy as np
import onnxruntime
import pytest

import backhand
from backhand.errors import BackhandError, ModelError
from backhand.export import export_model
from backhand.layers import Linear, ReLU
from backhand.model import Sequential
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
        ("hats.pt", (), r'an export has no form for the suffix ".pt"; name a folder, or a file in .onnx \(onnx\), .py'),
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


def test_where_the_disk_is_full_nothing_is_left(predictor, tmp_path, monkeypatch):
    def write(path, content):
        if path.suffix == ".safetensors":
            raise BackhandError(f"cannot write {path}: No space left on device")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)

    monkeypatch.setattr("backhand.export.files.write_output", write)
    with pytest.raises(BackhandError, match="No space left"):
        export_model(predictor, tmp_path / "hats.py")
    assert files(tmp_path) == []


def test_a_form_that_would_lose_a_layer_is_refused_and_nothing_is_written(tmp_path):
    class Mine(ReLU):
        op_name = "mine"

    for name in ("out", "hats.onnx", "hats.py", "hats.safetensors"):
        with pytest.raises(ModelError, match=r"layer 1, Mine\(\)"):
            export_model(Sequential(Linear(3), Mine()).build((2,)), tmp_path / name)
    assert files(tmp_path) == []


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
