"""The names of the package: each is what it should be, imported only when it is used, and known to type checkers."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import backhand

STUB = Path(backhand.__file__).with_suffix(".pyi")


def test_every_name_is_there_and_what_its_module_has():
    for name, (module, attribute) in backhand._WHERE.items():
        assert getattr(backhand, name) is getattr(importlib.import_module(module), attribute), name
        assert getattr(backhand, name).__doc__, name
    assert set(backhand.__all__) <= set(dir(backhand))


def test_type_checkers_are_told_the_same():
    told = {
        alias.asname.removeprefix("_"): (node.module, alias.name)
        for node in ast.parse(STUB.read_text("utf-8")).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert told == backhand._WHERE
    assert STUB.with_name("py.typed").exists()


def test_what_users_need_is_exported():
    needed = {"Sequential", "Solver", "Callback", "load", "check_op", "check_layer", "check_model", "run", "load_run"}
    assert needed | set(importlib.import_module("backhand.layers").__all__) - {"LAYERS"} <= set(backhand.__all__)


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'backhand' has no attribute 'Sequentail'"):
        backhand.Sequentail  # noqa: B018
    assert not hasattr(backhand, "torch")


def test_an_import_loads_nothing_and_a_name_only_what_it_needs():
    script = (
        "import sys, backhand; before = {*sys.modules}; backhand.Sequential; print(*sorted(before), '|', *sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    before, after = (set(names.split()) for names in said.split("|"))
    assert {name for name in before if name.startswith("backhand")} == {"backhand"}
    assert "numpy" not in before
    assert "backhand.model.sequential" in after
    assert "pydantic" not in after
