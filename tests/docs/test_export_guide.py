"""The guide on exports: its commands write what it says, its code runs, and its sentences are those that are said."""

import re
import shlex
import sys
from pathlib import Path

import pytest

from backhand import export_model, load_model, push_to_hub
from backhand.errors import BackhandError
from backhand.experiments.run import work
from backhand.export.onnx.layers import EXPORTED as ONNX_LAYERS
from backhand.export.torch.modules import EXPORTED as TORCH_LAYERS
from backhand.layers import LAYERS, Linear, Scale
from backhand.model import Sequential
from backhand.study import load
from tests.docs.markdown_pages import GUIDES, blocks, run_python

PAGE = GUIDES / "export.md"


@pytest.fixture(scope="module")
def folder(base, tmp_path_factory):
    """A folder that is the present one, with the run of the guide."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("export")
        patch.chdir(folder)
        patch.syspath_prepend(str(folder))
        work.run(load(base, ("train.epochs=3", "model.hidden=[16]")), Path("runs/digits"), quiet=True)
        yield folder
        sys.modules.pop("digits", None)


def test_the_guide_from_its_commands_to_its_last_block(cli, folder, capsys):
    commands = [line.removeprefix("$ ") for block in blocks(PAGE, "console") for line in block.splitlines()]
    exports = [
        shlex.split(line)[1:] for line in commands if line.startswith("backhand export") and "--push" not in line
    ]
    assert len(exports) == 5
    for words in exports:
        assert cli(*words)[0] == 0
    table = PAGE.read_text("utf-8").partition("| path | form |")[2].partition("\n\n")[0]
    promised = {name for row in table.splitlines()[2:] for name in re.findall(r"`([\w.]+)`", row.split("|")[3])}
    assert {path.name for path in Path("exported").iterdir()} == promised
    path = list(sys.path)
    try:
        run_python(PAGE)
    finally:
        sys.path[:] = path
        doubled = LAYERS.pop("doubled", None)
        ONNX_LAYERS.pop(doubled, None)
        TORCH_LAYERS.pop(doubled, None)
    said = capsys.readouterr().out
    assert "'standardize', 'flatten1', 'linear1', 'relu1', 'linear2'" in said
    assert "Doubled" in said
    assert "again/torch_model.py" in said


class Mine(Scale):
    op_name = "mine"


def test_every_error_of_the_table_is_said(folder, cli, tmp_path, monkeypatch):
    said = re.findall(r"^\| `(.+?)` \|", PAGE.read_text("utf-8").partition("## Errors")[2], re.MULTILINE)
    own, plain = Sequential(Mine(2.0)).build((3,)), Sequential(Linear(2)).build((3,))
    with monkeypatch.context() as patch:
        patch.setitem(LAYERS, "mine", Mine)
        own.save(tmp_path / "own")
    (tmp_path / "there.md").touch()
    acts = {
        "which the export to ONNX does not know": lambda: export_model(own, tmp_path / "a.onnx"),
        "is there already": lambda: export_model(plain, tmp_path / "there.md"),
        "an export has no form for the suffix": lambda: export_model(plain, tmp_path / "a.pt"),
        "which has no name in files": lambda: own.save(tmp_path / "b"),
        "a layer of your own must stand in backhand.layers.LAYERS": lambda: load_model(tmp_path / "own"),
        "an export to ONNX needs": lambda: export_model(plain, tmp_path / "a.onnx"),
        "differs from Backhand by": lambda: export_model(plain, tmp_path / "a.onnx"),
        "is no name of a repository on the Hub": lambda: push_to_hub(plain, "digits"),
    }
    assert sorted(acts) == sorted(said)
    for sentence, act in acts.items():
        with monkeypatch.context() as patch:
            if sentence.startswith("an export to ONNX"):
                patch.setitem(sys.modules, "onnxruntime", None)
            if sentence.startswith("differs"):
                patch.setattr("backhand.export.onnx.verify._difference", lambda *_: 0.5)
            with pytest.raises(BackhandError, match=re.escape(sentence)):
                act()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["own", "there.md"]
