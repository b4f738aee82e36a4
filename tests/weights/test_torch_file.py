"""Files of torch.save, read without PyTorch."""

import random
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
import torch

from backhand.errors import BackhandError, CheckpointError
from backhand.weights import torch_file
from tests.weights.torch_weights import pickled, save, tensors


def assert_equal(found: dict[str, np.ndarray], expected: dict[str, torch.Tensor]) -> None:
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        plain = tensor.detach().float() if tensor.dtype == torch.bfloat16 else tensor.detach()
        np.testing.assert_array_equal(found[name], plain.numpy(), err_msg=name)
        assert found[name].dtype == plain.numpy().dtype, name


@pytest.mark.parametrize("wrap", [lambda t: t, OrderedDict, lambda t: {"state_dict": t, "epoch": 3, "lr": [0.1, None]}])
def test_every_kind_of_tensor_is_read_as_pytorch_has_it(wrap, tmp_path):
    assert_equal(torch_file.read(save(wrap(tensors()), tmp_path / "a.pth")), tensors())


def test_a_training_with_its_optimiser_holds_the_models_tensors(tmp_path):
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    optimizer = torch.optim.Adam(net.parameters())
    net(torch.randn(5, 3)).sum().backward()
    optimizer.step()
    saved = {"model": net.state_dict(), "optimizer": optimizer.state_dict(), "step": 2**70, "best": False}
    assert_equal(torch_file.read(save(saved, tmp_path / "a.pt")), net.state_dict())


def test_bytes_in_the_other_order_are_turned(tmp_path):
    path = save({"w": torch.arange(5.0)}, tmp_path / "a.pth")
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            if name.endswith("byteorder"):
                content = b"big"
            elif name.endswith("data/0"):
                content = np.frombuffer(content, "<f4").astype(">f4").tobytes()
            archive.writestr(name, content)
    np.testing.assert_array_equal(torch_file.read(path)["w"], np.arange(5, dtype=np.float32))


def test_an_archive_of_something_else_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.pth", "w") as archive:
        archive.writestr("readme.txt", "no weights")
    with pytest.raises(CheckpointError, match=r"the archive has no data\.pkl"):
        torch_file.read(tmp_path / "a.pth")


def test_a_bomb_is_refused_by_the_archives_directory(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.pth", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", pickled("K\x00K\x02\x85K\x01\x85"))
        archive.writestr("archive/data/0", bytes(100 << 20))
    with pytest.raises(CheckpointError, match="unpacks to an absurd size"):
        torch_file.read(tmp_path / "a.pth")


def test_damaged_files_are_refused_or_read_the_same(tmp_path):
    """A bit flipped in padding or in a name that nobody reads harms nothing; in anything else it is found."""
    expected = {"w": torch.randn(20, 3), "b": torch.randn(5).to(torch.bfloat16)}
    whole = save(expected, tmp_path / "a.pth").read_bytes()
    dice, refused = random.Random(0), 0
    for trial in range(300):
        damaged = bytearray(whole)
        if trial % 5:
            damaged[dice.randrange(len(whole))] ^= 1 << dice.randrange(8)
        else:
            del damaged[dice.randrange(len(whole)) :]
        (tmp_path / "b.pth").write_bytes(damaged)
        try:
            assert_equal(torch_file.read(tmp_path / "b.pth"), expected)
        except BackhandError:
            refused += 1
    assert refused > 100
