"""The page of features: its commands parse, its names are there, and its keys are valid."""

import re
import shlex

import pytest
import typer

import backhand
from backhand.cli.app import app
from backhand.study import load
from tests.docs.markdown_pages import ROOT

PAGE = ROOT / "docs" / "features.md"
CELLS = [cells for line in PAGE.read_text("utf-8").splitlines() if len(cells := line.split(" | ")) == 3]
CODE = sorted({code for _, how, _ in CELLS for code in re.findall(r"`([^`]+)`", how)})
COMMANDS = [code for code in CODE if re.match(r"backhand \w", code)]
KEYS = [code for code in CODE if re.match(r"((data|model|train|log|search)\.[\w.]+|callbacks) = |data\.\w+$", code)]
SEARCH = ['search={ trials = 3, space = { "train.l2" = [0.0, 1e-4] } }']
TABLE = ["data.name=csv", "data.path=table.csv"]
CLASSES = [*TABLE, "data.label=class"]
# What a key needs besides.
BESIDE = {
    "data.name": CLASSES[1:],
    "data.label": TABLE,
    "data.target": TABLE,
    "data.sample_weight": CLASSES,
    "search.method": SEARCH,
    "search.pruning": SEARCH,
}


def test_the_page_has_some_of_each():
    assert len(COMMANDS) > 10
    assert len(KEYS) > 25
    assert len(CELLS) > 50


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_parses(command):
    group, arguments = typer.main.get_command(app), shlex.split(command)[1:]
    while hasattr(group, "commands"):
        name, *arguments = arguments
        group = group.commands[name]
    group.make_context(name, arguments)  # parses, and runs nothing


def test_every_name_is_there():
    names = {name for code in CODE for name in re.findall(r"\bbh\.(\w+)", code)}
    assert len(names) > 15
    assert [name for name in sorted(names) if not hasattr(backhand, name)] == []


@pytest.mark.filterwarnings("ignore::backhand.errors.BackhandWarning")  # another model drops the keys of this one
@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_valid(key, base):
    name, equals, value = (part.strip() for part in key.partition("="))
    change = f"{name}={value}" if equals else f"{name}=column"
    study = load(base, [*BESIDE.get(name, ()), change])
    assert study.model_dump() != load(base).model_dump()
