"""The pickle of a file of weights: read without being executed, refused wherever it asks for more."""

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

from backhand.errors import CheckpointError
from backhand.weights import pickles, torch_file
from tests.weights.torch_weights import asking, pickled, save, tensors, with_pickle


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
