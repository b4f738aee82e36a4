"""The guide to callbacks: its code runs, its study is valid, its table has every hook, and its sentences are true."""

import logging
import re
import sys

import pytest

from backhand.extras import MissingExtraError
from backhand.loggers import WandbLogger
from backhand.study import load
from backhand.training.callback import Callback
from backhand.training.callback_tables import CALLBACKS
from tests.docs.markdown_pages import GUIDES, blocks, run_python

PAGE = GUIDES / "callbacks.md"


def test_the_code_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    level = logging.getLogger("backhand").level
    run_python(PAGE)
    del CALLBACKS["noise"]
    logging.getLogger("backhand").setLevel(level)
    assert re.fullmatch(r"1: \d\d\.\d%\n2: \d\d\.\d%\n", capsys.readouterr().out)
    assert list((tmp_path / "logs" / "first").iterdir())


def test_its_study_is_valid(tmp_path):
    (text,) = blocks(PAGE, "toml")
    (tmp_path / "study.toml").write_text(text)
    study = load(tmp_path / "study.toml")
    assert (study.log.every_steps, study.callbacks) == (10, ({"kind": "limit", "steps": 500},))


def test_the_table_has_every_hook_in_its_order():
    assert re.findall(r"^\| `(on_\w+)`", PAGE.read_text("utf-8"), re.MULTILINE) == [
        name for name in vars(Callback) if name.startswith("on_")
    ]


def test_the_sentence_about_a_missing_package_is_the_one_that_comes(monkeypatch):
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(MissingExtraError) as error:
        WandbLogger()
    said = re.sub(r", which cannot be imported \(.*?\)|`", "", str(error.value))
    assert said in PAGE.read_text("utf-8")
