"""Imports point down only: each floor of the house rests on those before it in this list."""

import ast
from pathlib import Path

import pytest

import backhand

ORDER = [
    "errors",
    "console",
    "exits",
    "copies",
    "jsontext",
    "metrics",
    "chance",
    "failure",
    "machine",
    "paths",
    "places",
    "arrays",
    "axes",
    "stateful",
    "running",
    "encodings",
    "files",
    "locks",
    "windows",
    "ops",
    "kernels",
    "backend",
    "init",
    "layers",
    "model",
    "stack",
    "models",
    "losses",
    "optim",
    "schedules",
    "data",
    "checkpoint",
    "history",
    "weights",
    "evaluate",
    "solver",
    "lockstep",
    "divergence",
    "early_stopping",
    "saving",
    "callbacks",
    "progress",
    "check",
    "study",
    "lr_range",
    "experiment",
    "bench",
    "report",
    "compare",
    "extend",
    "search",
    "questions",
    "series",
    "cli",
    "__main__",
]
ROOT = Path(backhand.__file__).parent
FILES = [path for path in sorted(ROOT.rglob("*.py")) if path != ROOT / "__init__.py"]


def floor(path):
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported(tree):
    """The floors that a module imports, wherever in it; the package and its version are none."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        inside = (name.split(".")[1] for name in names if name.startswith("backhand."))
        yield from (name for name in inside if name != "__version__")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_point_down(path):
    assert floor(path) in ORDER, f"{floor(path)} has no floor; give it one in ORDER"
    own = ORDER.index(floor(path))
    up = [name for name in imported(ast.parse(path.read_text(encoding="utf-8"))) if ORDER.index(name) > own]
    assert up == []


def test_an_import_that_points_up_is_seen():
    found = set(
        imported(ast.parse("def f():\n    from backhand import solver\n    import backhand.ops.relu, backhand"))
    )
    assert found == {"solver", "ops"}
