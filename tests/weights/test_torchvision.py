"""Residual networks trained in PyTorch, under torchvision's names, compute the same here."""

from functools import partial

import numpy as np
import pytest
import safetensors.torch
import torch

from backhand.architectures import lenet, resnet
from backhand.errors import CheckpointError
from backhand.weights import transfer
from tests.architectures.resnet_twin import twin
from tests.architectures.torch_twin import images
from tests.weights.torch_weights import save, trained_twin


@pytest.fixture
def x(rng):
    return rng.standard_normal((2, 24, 24, 3))


def built(depth=18, outputs=7, channels=3, dtype=np.float64, **options):
    return resnet(outputs, depth, **{"stem": "imagenet"} | options).build((24, 24, channels), seed=9, dtype=dtype)


@pytest.mark.parametrize(
    ("depth", "stem", "name"),
    [
        (18, "imagenet", "net.pth"),
        (18, "imagenet", "net.safetensors"),
        (34, "small_pool", "net.pth"),
        (50, "small", "net.safetensors"),
        (101, "imagenet", "net.pth"),
    ],
)
def test_a_network_of_pytorch_gives_the_same_scores(depth, stem, name, x, tmp_path, one_thread):
    net = trained_twin(depth, 7, stem=stem).double()
    model = built(depth, stem=stem)
    transfer(model, save(net.state_dict(), tmp_path / name))
    expected = net(images(x)).detach().numpy()
    np.testing.assert_allclose(model.predict(x), expected, rtol=0, atol=1e-10 * np.abs(expected).max())


@pytest.mark.parametrize("depth", [18, 50])
def test_it_does_in_float32(depth, x, tmp_path, one_thread):
    net, x = trained_twin(depth, 7), x.astype(np.float32)
    model = built(depth, dtype=np.float32)
    transfer(model, save(net.state_dict(), tmp_path / "net.pt"))
    expected = net(images(x)).detach().numpy()
    np.testing.assert_allclose(model.predict(x), expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def test_half_precision_and_the_prefix_of_parallel_training_are_understood(x, tmp_path, one_thread):
    net = trained_twin(18, 7).bfloat16()
    saved = {f"module.{name}": tensor for name, tensor in net.state_dict().items()}
    expected = net.double()(images(x)).detach().numpy()
    for name in ("net.pth", "net.safetensors"):
        model = built()
        transfer(model, save(saved, tmp_path / name))
        np.testing.assert_allclose(model.predict(x), expected, rtol=0, atol=1e-10 * np.abs(expected).max())


def test_every_array_comes_from_the_file(tmp_path):
    """And is one of the model's own afterwards: the flat buffer trains it."""
    model, before = built(), built().snapshot()
    transfer(model, save(trained_twin(18, 7).state_dict(), tmp_path / "net.pth"))
    assert not [name for name, value in model.arrays().items() if np.array_equal(value, before[name])]
    assert all(np.shares_memory(each.value, model.parameters.values) for each in model.parameters)


def test_another_head_is_made_anew(tmp_path, x):
    model, net = built(outputs=3), trained_twin(18, 1000)
    before = model.snapshot()
    done = transfer(model, save(net.state_dict(), tmp_path / "net.pth"))
    assert str(done).endswith("net.pth; the head, layer 21, starts from new weights: 1000 -> 3 outputs")
    for name in ("21.weight", "21.bias"):
        np.testing.assert_array_equal(model.arrays()[name], before[name])
    np.testing.assert_array_equal(model.arrays()["0.weight"], net.conv1.weight.detach().numpy().transpose(2, 3, 1, 0))


def test_grey_images_are_seen_as_in_all_three_colours(tmp_path, x, one_thread):
    net, model = trained_twin(18, 7).double(), built(channels=1)
    grey = x[..., :1]
    done = transfer(model, save(net.state_dict(), tmp_path / "net.pth"))
    assert done.changes == ("the weights of layer 0 were summed over the three colours, for grey images",)
    expected = net(images(np.repeat(grey, 3, axis=3))).detach().numpy()
    np.testing.assert_allclose(model.predict(grey), expected, rtol=0, atol=1e-10 * np.abs(expected).max())


@pytest.mark.parametrize(
    ("build", "saved", "said"),
    [
        (
            partial(built, 34),
            (18, 7, 3),
            r"8.body.0.weight of .* is absent there and \(3, 3, 64, 64\) here",
        ),
        (built, (34, 7, 3), r"layer1.2.bn1.bias is \(64,\) there and absent here"),
        (partial(built, 50), (18, 7, 3), r"4.body.0.weight of .* is \(3, 3, 64, 64\) there and \(1, 1, 64, 64\) here"),
        (partial(built, stem="small"), (18, 7, 3), r"0.weight of .* is \(7, 7, 3, 64\) there and \(3, 3, 3, 64\) here"),
        (built, (18, 7, 1), r"0.weight of .* is \(7, 7, 1, 64\) there and \(7, 7, 3, 64\) here"),
        (partial(built, preactivation=True), (18, 7, 3), r"6.gamma of BatchNorm.* is absent there and \(64,\) here"),
        (
            lambda: lenet(7).build((32, 32, 3)),
            (18, 7, 3),
            r"original form, which has no layer such as 7, Linear\(120, ",
        ),
    ],
    ids=["deeper", "shallower", "bottleneck", "stem", "colour", "preactivation", "lenet"],
)
def test_another_network_is_refused_and_nothing_is_changed(build, saved, said, tmp_path):
    model = build()
    before = model.snapshot()
    depth, outputs, channels = saved
    path = save(twin(depth, outputs, channels, stem="imagenet").state_dict(), tmp_path / "net.pth")
    with pytest.raises(CheckpointError, match=said):
        transfer(model, path)
    for name, value in model.arrays().items():
        np.testing.assert_array_equal(value, before[name])


def test_numbers_that_are_none_are_refused(tmp_path):
    net = trained_twin(18, 7)
    net.layer2[0].bn1.bias.data[3] = float("nan")
    with pytest.raises(CheckpointError, match=r"net.pth: 8.body.1.beta holds NaN or infinity"):
        transfer(built(), save(net.state_dict(), tmp_path / "net.pth"))


def test_files_of_no_known_kind_are_refused_in_a_sentence(tmp_path):
    model, path = built(), tmp_path / "file.pth"
    torch.save({"w": torch.ones(2)}, path, _use_new_zipfile_serialization=False)
    for content, said in [
        (path.read_bytes(), "has PyTorch's format from before version 1.6; convert it where .*torch.save"),
        (b"no weights at all", "neither a safetensors file nor one of torch.save"),
        (b"", "neither a safetensors file nor one of torch.save"),
        (b"PK\x03\x04 and then nothing", "cannot be read"),
        (safetensors.torch.save({"w": torch.ones(2)})[:-3], "neither a safetensors file nor"),
        (
            safetensors.torch.save({"w": torch.ones(2).to(torch.float8_e4m3fn)}),
            "the unsupported dtype F8_E4M3; save it",
        ),
    ]:
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match=said):
            transfer(model, path)
    for place, said in [(tmp_path / "none.pth", "does not exist"), (tmp_path, "is not the folder of a run")]:
        with pytest.raises(CheckpointError, match=said):
            transfer(model, place)


def test_the_sentence_on_the_old_format_tells_how_to_convert(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    net = trained_twin(18, 7)
    torch.save(net.state_dict(), "old.pth", _use_new_zipfile_serialization=False)
    with pytest.raises(CheckpointError) as refusal:
        transfer(built(), tmp_path / "old.pth")
    torch.save(torch.load("old.pth", map_location="cpu", weights_only=True), "new.pth")
    assert 'torch.save(torch.load("old.pth", map_location="cpu", weights_only=True), "new.pth")' in str(refusal.value)
    transfer(built(), tmp_path / "new.pth")
