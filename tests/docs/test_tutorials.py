"""The tutorials: every command and every block of code runs, and says what the page says of it."""

import shlex
import webbrowser
from pathlib import Path

from tests.docs.markdown_pages import ROOT, blocks, run_python

TUTORIALS = ROOT / "docs" / "tutorials"


def test_the_first_hour(tmp_path, monkeypatch, cli):
    page = TUTORIALS / "first-hour.md"
    opened: list[str] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or True)
    commands = [line for block in blocks(page, "sh") for line in block.splitlines()]
    said = {}
    for command in commands:
        shorter = ["--set", "train.epochs=5"] if " run " in command else []  # both runs, of as many epochs
        status, said[command] = cli(*shlex.split(command)[1:], *shorter)
        assert status == (" doctor " in command), said[command]
    assert Path("mine.toml").read_text() == blocks(page, "toml")[0]
    assert len(commands) == 6
    assert opened[0].endswith("runs/first/report.html")
    compared = next(text for command, text in said.items() if " compare " in command)
    assert "setting first no-dropout name digits mine model.dropout 0.5 0.0 first and no-dropout: " in compared
    for figure in ("test accuracy", "95% interval", "classified correctly by the first alone", "McNemar's test"):
        assert figure in compared
    assert "too large" in next(text for command, text in said.items() if " doctor " in command)
    run_python(page)


def test_a_layer_of_your_own(tmp_path, monkeypatch, cli):
    page = TUTORIALS / "your-own-layer.md"
    monkeypatch.chdir(tmp_path)
    Path("layers.py").write_text(blocks(page, "python")[0])
    status, said = cli("check", "layers.py")
    assert status == 1
    assert "dout.sum(axis=0)" in said
    assert "1 checked: 1 wrong" in said
    Path("layers.py").write_text(blocks(page, "python")[0].replace("dout.mean", "dout.sum"))
    assert cli("check", "layers.py")[0] == 0
