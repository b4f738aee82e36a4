"""The mutation run names modules and tests by their paths: all of them exist."""

import ast
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mutmut"]


def missing(patterns):
    """The patterns that no file or folder matches."""
    return [pattern for pattern in patterns if not any(ROOT.glob(pattern))]


def test_every_module_and_test_of_the_mutation_run_exists():
    assert missing([*SETTINGS["only_mutate"], *SETTINGS["pytest_add_cli_args_test_selection"]]) == []


def test_every_test_that_the_mutation_run_leaves_out_exists():
    options = [text.partition("=") for text in SETTINGS["pytest_add_cli_args"]]
    left_out = [value for option, _, value in options if option in ("--ignore", "--deselect")]
    assert len(left_out) > 3
    assert missing(name.partition("::")[0] for name in left_out) == []
    for file, test in (name.split("::") for name in left_out if "::" in name):
        functions = ast.parse((ROOT / file).read_text("utf-8")).body
        assert test in {each.name for each in functions if isinstance(each, ast.FunctionDef)}
