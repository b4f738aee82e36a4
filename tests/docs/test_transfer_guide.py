"""The guide on transfer: its code runs, its study is valid, and it lists what is accepted."""

import re
from pathlib import Path

import pytest

from backhand.study import load
from backhand.weights.published import FILES
from backhand.weights.torch_file import INSIDE
from tests.docs.markdown_pages import GUIDES, blocks, run_python

PAGE = GUIDES / "transfer.md"


def test_its_code_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    model = run_python(PAGE)["model"]
    assert "the head, layer 3, starts from new weights: 10 -> 3 outputs" in capsys.readouterr().out
    assert [each.name for each in model.parameters] == ["3.weight", "3.bias"]


def test_its_studies_are_valid(tmp_path: Path) -> None:
    starts = []
    for text in blocks(PAGE, "toml"):
        (tmp_path / "study.toml").write_text(text, "utf-8")
        starts.append(load(str(tmp_path / "study.toml")).train.init_from)
    assert starts == [tmp_path / "resnet18.pth", Path("torchvision:resnet18")]


def test_it_has_every_name_of_published_weights() -> None:
    assert set(FILES) == set(re.findall(r"`(torchvision:[\w-]+)`", PAGE.read_text("utf-8")))


def test_it_names_the_keys_under_which_a_state_dict_is_found() -> None:
    text = PAGE.read_text("utf-8")
    assert all(f"`{key}`" in text for key in INSIDE)
