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
        status, said[command] = cli(*shlex.split(command)[1:])
        assert status == 0, said[command]
        if " new " in command:
            Path("mine.toml").write_text(blocks(page, "toml")[0])
    assert len(commands) == 6
    assert opened[0].endswith("runs/first/report.html")
    compared = next(text for command, text in said.items() if " compare " in command)
    assert "model.dropout" in compared
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
