"""Weights by name: downloaded once, verified by the digits in the name of the file, and used like any other file."""

import hashlib
import re

import numpy as np
import pytest

from backhand.architectures import resnet
from backhand.errors import CheckpointError
from backhand.study import load
from backhand.weights import published, transfer
from tests.data.test_download import Mirror
from tests.weights.torch_weights import save, trained_twin

STUDY = """
name = "started"
[data]
name = "digits"
train_size = 60
standardize = "channel"
[model]
name = "resnet"
depth = 18
stem = "imagenet"
[train]
init_from = "torchvision:resnet18"
freeze = [":-1"]
epochs = 1
"""


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A file as torchvision publishes it, of 1000 classes."""
    return save(trained_twin(18, 1000).state_dict(), tmp_path_factory.mktemp("published") / "net.pth")


@pytest.fixture
def mirror(weights, monkeypatch, tmp_path):
    """A server of that file under torchvision's name for a ResNet-18, and a folder of data sets that is empty."""
    content = weights.read_bytes()
    server = Mirror(content)
    file = f"resnet18-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    monkeypatch.setitem(published.FILES, "torchvision:resnet18", file)
    monkeypatch.setattr(published, "SERVER", server.url)
    monkeypatch.setenv("BACKHAND_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("no_proxy", "*")
    yield server
    server.close()


def built(outputs=5):
    return resnet(outputs, 18, stem="imagenet").build((24, 24, 3), seed=9)


def test_a_name_gives_the_weights_of_its_file_and_is_downloaded_once(mirror, weights, tmp_path):
    by_name, by_file = built(), built()
    done = transfer(by_name, "torchvision:resnet18")
    transfer(by_file, weights)
    assert str(done) == (
        "started from torchvision:resnet18; the head, layer 21, starts from new weights: 1000 -> 5 outputs"
    )
    assert done.sha256 == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert np.array_equal(by_name.parameters.values, by_file.parameters.values)
    transfer(built(), "torchvision:resnet18")
    assert len(mirror.asked) == 1
    assert [path.name for path in (tmp_path / "data" / "weights").glob("*.pth")] == [
        published.FILES["torchvision:resnet18"]
    ]


def test_another_content_is_refused(mirror, tmp_path):
    mirror.content = mirror.content[:-1] + b"!"
    model = built()
    before = model.snapshot()
    with pytest.raises(CheckpointError, match=r"^cannot fetch resnet18-\w{8}\.pth .*not the published file"):
        transfer(model, "torchvision:resnet18")
    assert all(np.array_equal(value, before[name]) for name, value in model.arrays().items())
    assert not list((tmp_path / "data" / "weights").glob("*.p*"))


def test_a_study_starts_from_a_name_wherever_it_lies(mirror, cli, tmp_path):
    (tmp_path / "started.toml").write_text(STUDY, "utf-8")
    status, output = cli("run", tmp_path / "started.toml", "--out", tmp_path / "run")
    assert status == 0, output
    assert "started from torchvision:resnet18; the weights of layer 0 were summed over the three colours" in output
    assert 'init_from = "torchvision:resnet18"' in (tmp_path / "run" / "study.toml").read_text("utf-8")


def test_the_option_takes_a_name(base, cli, tmp_path):
    assert str(load(base, ["train.init_from=torchvision:resnet50-v2"]).train.init_from) == "torchvision:resnet50-v2"
    status, output = cli("run", base, "--init-from", "torchvision:resnet52", "--out", tmp_path / "run")
    assert status == 2
    said = 'train.init_from: unknown weights "torchvision:resnet52"; did you mean "torchvision:resnet50"?; there are'
    assert said in output
    assert not (tmp_path / "run").exists()


def test_without_a_folder_or_a_server_it_is_one_sentence(mirror, monkeypatch):
    mirror.status = 404
    with pytest.raises(
        CheckpointError, match=r"^cannot fetch resnet18-\w+\.pth \(.*404.*\); try later, or put the file"
    ):
        transfer(built(), "torchvision:resnet18")
    monkeypatch.setattr(published.locations, "data_dir", lambda: None)
    with pytest.raises(CheckpointError, match=r"^there is no home folder .*; set BACKHAND_DATA to a folder$"):
        transfer(built(), "torchvision:resnet18")
    with pytest.raises(CheckpointError, match=r'^unknown weights "torchvision:vgg"'):
        transfer(built(), "torchvision:vgg")


def test_every_name_has_a_file_with_digits_of_its_checksum():
    for name, file in published.FILES.items():
        model = name.removeprefix(published.PREFIX).removesuffix("-v2")
        assert re.fullmatch(rf"{model}-[0-9a-f]{{8}}\.pth", file)
