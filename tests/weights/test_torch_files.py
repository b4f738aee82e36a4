"""Files of torch.save, read without PyTorch and without executing their pickle."""

import pickletools
import random
import re
import subprocess
import sys
import zipfile
from collections import OrderedDict
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch

from backhand.errors import BackhandError, CheckpointError
from backhand.weights import pickles, torch_file
from tests.weights.torch_weights import asking, save, with_pickle

DTYPES = (torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.uint8)


def tensors() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    whole = torch.randn(4, 5, 6)
    return {
        "contiguous": whole,
        "transposed": whole.permute(2, 0, 1),
        "part": whole[1:3, ::2, 4],
        "scalar": torch.tensor(2.5),
        "none": torch.zeros(0, 3),
        "parameter": torch.nn.Parameter(torch.randn(3)),
    } | {str(dtype): (10 * whole.abs()).to(dtype) for dtype in DTYPES}


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


def test_neither_torch_nor_an_unpickler_is_used(tmp_path):
    path = save({"w": torch.ones(2)}, tmp_path / "a.pth")
    script = (
        "import pathlib, pickle, sys\n"
        "from backhand.weights import torch_file\n"
        "sys.modules['torch'] = pickle.load = pickle.loads = pickle.Unpickler = None\n"
        f"print(torch_file.read(pathlib.Path({str(path)!r})))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "{'w': array([1., 1.], dtype=float32)}", done.stderr


def boom(path: str) -> None:
    Path(path).write_text("a pickle was executed")


@pytest.mark.parametrize("function", [__import__("os").system, eval, boom, getattr, OrderedDict.fromkeys])
def test_a_pickle_that_asks_for_a_call_is_refused_and_nothing_runs(function, tmp_path):
    witness = tmp_path / "witness"
    path = with_pickle(asking(function, str(witness)), tmp_path / "a.pth")
    with pytest.raises(CheckpointError, match=r"the pickle names \S+, which files of weights do not need"):
        torch_file.read(path)
    assert not witness.exists()


STORAGE = "(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x04tQ"


def pickled(view: str) -> bytes:
    """The pickle {"w": tensor} of a view (offset, shape, strides) of the storage 0, which holds four numbers."""
    return f"\x80\x02}}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n({STORAGE}{view}\x89}}tRs.".encode("latin-1")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (pickled("K\x01K\x04\x85K\x01\x85"), "a tensor of shape (4,) reaches beyond the 4 numbers of its storage"),
        (pickled("K\x00K\x04\x85K\x02\x85"), "reaches beyond"),
        (pickled("K\x00K\x02K\x09\x86K\x00K\x00\x86"), "reaches beyond"),  # one number, shown 18 times
        (pickled("J\xff\xff\xff\xffK\x02\x85K\x01\x85"), "described in an unusual way"),  # begins at -1
        (pickled("K\x00K\x02\x85)"), "described in an unusual way"),
        (pickled("K\x00K\x02\x85K\x01\x85").replace(b"\x000X", b"\x001X"), "the archive has no data/1"),
        (pickled("K\x00K\x02\x85K\x01\x85").replace(b"torch\nFloatStorage", b"collections\nOrderedDict"), "unusual"),
        (pickled("K\x00K\x02\x85K\x01\x85").replace(b"ctorch\nFloatStorage\n", b"K\x01"), "unusual way"),
        (b"\x80\x02}.", "it contains no named tensors"),
        (b"\x80\x02K\x01.", "it contains no named tensors"),
        (b"\x80\x02K\x01K\x02.", "too many values"),
        (b"\x80\x02K\x01K\x02s.", "list index out of range"),
        (b"\x80\x02](K\x01K\x02u.", "sets keys of a value that is not a dict"),
        (b"\x80\x02}(K\x01e.", "appends to a value that is not a list"),
        (b"\x80\x02})K\x01s.", "a dict with keys that are neither text nor numbers"),
        (b"\x80\x02ctorch\nFloatStorage\n)R.", "calls a function that files of weights do not need"),
        (b"\x80\x02K\x01)R.", "calls a function that files of weights do not need"),
        (b"\x80\x02h\x07.", "reads a memo entry that it has not written"),
        (b"\x80\x04\x8c\x01a\x93.", "has the opcode SHORT_BINUNICODE"),
        (b"cos\nsystem\n.", "names os.system"),
        (b"", "pickle exhausted before seeing STOP"),
    ],
)
def test_odd_pickles_are_refused_in_a_sentence(content, said, tmp_path):
    path = with_pickle(content, tmp_path / "a.pth", s0=bytes(16))
    with pytest.raises(CheckpointError, match=re.escape(said)) as refusal:
        torch_file.read(path)
    assert "has no readable state dict" in str(refusal.value)
    assert np.array_equal(good(tmp_path)["w"], np.zeros(2))


def good(folder: Path) -> dict[str, np.ndarray]:
    """The same pickle without a fault: what is refused is refused for its fault."""
    return torch_file.read(with_pickle(pickled("K\x01K\x02\x85K\x01\x85"), folder / "good.pth", s0=bytes(16)))


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


def test_damaged_pickles_raise_nothing_unforeseen():
    buffer = BytesIO()
    torch.save({"state_dict": tensors(), "lr": 0.1, "names": ["a", None, True]}, buffer)
    with zipfile.ZipFile(buffer) as archive:
        whole = archive.read("archive/data.pkl")
    dice = random.Random(1)
    for _ in range(1500):
        damaged = bytearray(whole)
        for _ in range(dice.randint(1, 4)):
            damaged[dice.randrange(len(whole))] = dice.randrange(256)
        try:
            pickles.read(bytes(damaged), torch_file.CALLS)
        except pickles.DAMAGE:
            continue


def test_every_opcode_but_a_few_is_refused():
    known = {*pickles.ARGUMENTS, *pickles.FRESH, *pickles.IDLE, *pickles._STEPS}
    assert known <= {opcode.name for opcode in pickletools.opcodes}
    assert not known & {"INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "EXT1", "STACK_GLOBAL", "PERSID", "BYTEARRAY8"}
