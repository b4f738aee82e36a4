"""`backhand export`: a run or a saved model for other programs, and what is refused."""

import onnxruntime
import pytest

import backhand
from backhand.experiments.run import work
from backhand.study import load
from tests.export.test_hub import Hub


@pytest.fixture(scope="module")
def run(base, tmp_path_factory):
    folder = tmp_path_factory.mktemp("export") / "run"
    work.run(load(base, ("train.epochs=2", "model.hidden=[8]")), folder, quiet=True)
    return folder


def test_a_run_becomes_a_folder_of_every_form(cli, run, tmp_path):
    status, said = cli("export", run, tmp_path / "out")
    assert status == 0
    assert f"written: {tmp_path / 'out' / 'model.onnx'} (" in said
    assert said.count("bytes; ONNX Runtime computes the same)") == 1
    assert f"written: {tmp_path / 'out' / 'README.md'} (" in said
    card = (tmp_path / "out" / "README.md").read_text("utf-8")
    assert "95% Wilson score" in card
    assert str(run) not in card


def test_a_run_and_its_saved_model_give_the_same_file(cli, run, tmp_path):
    assert cli("export", run, tmp_path / "a.safetensors")[0] == 0
    assert cli("export", tmp_path / "a.safetensors", tmp_path / "b.onnx")[0] == 0
    assert cli("export", run, tmp_path / "c.onnx")[0] == 0
    assert (tmp_path / "b.onnx").read_bytes() == (tmp_path / "c.onnx").read_bytes()


def test_a_saved_model_predicts(cli, run, tmp_path):
    from PIL import Image

    Image.new("L", (8, 8)).save(tmp_path / "black.png")
    cli("export", run, tmp_path / "a.safetensors")
    assert cli("predict", tmp_path / "a.safetensors", tmp_path / "black.png") == cli(
        "predict", run, tmp_path / "black.png"
    )


def test_a_bare_model_is_exported_but_does_not_classify(cli, tmp_path):
    backhand.Sequential(backhand.Linear(3)).build((2,)).save(tmp_path / "bare.safetensors")
    assert cli("export", tmp_path / "bare.safetensors", tmp_path / "bare.onnx")[0] == 0
    status, said = cli("predict", tmp_path / "bare.safetensors", tmp_path / "a.png")
    assert status == 2
    assert "bare.safetensors holds a bare model, which knows neither scaling nor classes" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "error: name a file or a folder to write to, or a repository with --push OWNER/NAME"),
        (("x.pt",), 'error: an export has no form for the suffix ".pt"'),
        (("x.onnx", "--to", "torch"), "error: x.onnx is for the form onnx, not torch"),
        (("out", "--to", "keras"), "'keras' is not one of 'onnx', 'torch', 'model', 'card'"),
    ],
)
def test_what_does_not_fit_is_refused(cli, run, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    status, text = cli("export", run, *words)
    assert status == 2
    assert said in text
    assert list(tmp_path.iterdir()) == []


def test_files_that_are_there_need_force(cli, run, tmp_path):
    for status in (0, 2):
        assert cli("export", run, tmp_path / "a.onnx")[0] == status
    assert cli("export", run, tmp_path / "a.onnx", "--force", "--fold-batchnorm")[0] == 0


def test_a_runtime_that_differs_ends_with_status_2(cli, run, tmp_path, monkeypatch):
    real = onnxruntime.InferenceSession.run
    monkeypatch.setattr(onnxruntime.InferenceSession, "run", lambda *args: [2 * out for out in real(*args)])
    status, said = cli("export", run, tmp_path / "a.onnx")
    assert status == 2
    assert "differs from Backhand by" in said
    assert "nothing was written" in said
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_no_run_is_refused(cli, tmp_path):
    status, said = cli("export", tmp_path, tmp_path / "a.onnx")
    assert status == 2
    assert "is not the folder of a run" in said


def test_a_run_is_pushed(cli, run, monkeypatch):
    hub = Hub()
    monkeypatch.setattr("huggingface_hub.HfApi", hub)
    status, said = cli("export", run, "--push", "somebody/digits", "--to", "onnx", "--private")
    assert (status, said) == (0, "pushed: https://hub.example/somebody/digits")
    assert sorted(hub.files) == ["README.md", "model.onnx"]
    assert hub.created[1]["private"]


def test_a_bad_name_on_the_hub_is_refused_before_anything_is_written(cli, run, tmp_path):
    status, said = cli("export", run, tmp_path / "out", "--push", "badname")
    assert status == 2
    assert said == 'error: "badname" is no name of a repository on the Hub; write OWNER/NAME'
    assert list(tmp_path.iterdir()) == []


def test_the_folder_and_the_files_of_a_run_are_left_alone(cli, run):
    before = {path: path.read_bytes() for path in run.iterdir() if path.is_file()}
    status, said = cli("export", run, run)
    assert (status, said) == (2, f"error: {run} is the folder of a run; choose another one")
    status, said = cli("export", run, run / "best.safetensors", "--force")
    assert (status, said) == (2, f"error: {run / 'best.safetensors'} is one of the files of a run; choose another name")
    assert {path: path.read_bytes() for path in run.iterdir() if path.is_file()} == before
