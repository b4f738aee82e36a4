"""Models on the Hugging Face Hub, which is played by a class here: what is uploaded, and what is said when it fails."""

import sys
from pathlib import Path

import pytest

import backhand
from backhand.errors import BackhandError
from backhand.export import push_to_hub
from backhand.extras import MissingExtraError
from tests.export.networks import LAYERS, built, classifier


class Hub:
    """Takes the place of `HfApi`, and keeps what it is given."""

    def __init__(self, token=None, error=None):
        self.token, self.error, self.created, self.files = token, error, None, {}

    def __call__(self, token=None):
        self.token = token
        return self

    def create_repo(self, repo_id, **options):
        if self.error:
            raise self.error
        self.created = repo_id, options
        return f"https://hub.example/{repo_id}"

    def upload_folder(self, *, repo_id, folder_path, **options):
        assert options["repo_type"] == "model"
        self.files = {path.name: path.read_bytes() for path in Path(folder_path).iterdir()}


@pytest.fixture
def hub(monkeypatch):
    hub = Hub()
    monkeypatch.setattr("huggingface_hub.HfApi", hub)
    return hub


@pytest.fixture
def predictor(rng):
    return classifier(built(*LAYERS["flatten"]), rng)


def test_everything_is_uploaded_at_once(hub, predictor, tmp_path):
    url = push_to_hub(predictor, "somebody/hats", private=True, token="secret")
    assert url == "https://hub.example/somebody/hats"
    assert hub.created == ("somebody/hats", {"repo_type": "model", "private": True, "exist_ok": True})
    assert hub.token == "secret"
    assert sorted(hub.files) == [
        *("README.md", "model.onnx", "model.safetensors", "torch_model.py", "torch_model_weights.safetensors"),
    ]
    assert 'folder = snapshot_download("somebody/hats")' in hub.files["README.md"].decode()
    (tmp_path / "model.safetensors").write_bytes(hub.files["model.safetensors"])
    assert backhand.load_model(tmp_path / "model.safetensors").classes == predictor.classes


def test_only_the_named_forms_are_uploaded(hub, predictor):
    push_to_hub(predictor, "somebody/hats", to=("onnx",))
    assert sorted(hub.files) == ["README.md", "model.onnx"]


def test_one_form_may_be_named_by_itself_and_an_unknown_one_is_refused(hub, predictor):
    push_to_hub(predictor, "somebody/hats", to="onnx")
    assert sorted(hub.files) == ["README.md", "model.onnx"]
    with pytest.raises(BackhandError, match='unknown form "onx" of an export; did you mean "onnx"'):
        push_to_hub(predictor, "somebody/hats", to=["onx"])


@pytest.mark.parametrize("name", ["hats", "a/b/c", "so me/hats", "-a/b", "a/"])
def test_a_name_without_an_owner_is_refused(hub, predictor, name):
    with pytest.raises(BackhandError, match=f'"{name}" is no name of a repository on the Hub; write OWNER/NAME'):
        push_to_hub(predictor, name)
    assert hub.created is None


def test_what_the_hub_says_is_one_sentence(hub, predictor):
    hub.error = OSError("401 Client Error\n\nRequest ID: 1")
    with pytest.raises(
        BackhandError, match=r"^cannot push to a/b: 401 Client Error; check the name, .*hf auth login.*$"
    ):
        push_to_hub(predictor, "a/b")


def test_without_a_network_it_is_said(predictor, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(BackhandError, match="cannot push to a/b: "):
        push_to_hub(predictor, "a/b", to=("card",), token="hf_x")


def test_without_the_package_one_sentence_says_what_to_install(predictor, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(
        MissingExtraError, match=r"needs huggingface-hub; install it by `pip install 'backhand\[hub\]'`"
    ):
        push_to_hub(predictor, "a/b")
