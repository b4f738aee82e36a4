"""Imports point down only: the table of floors in docs/architecture.md holds for every module."""

import ast
import re
from pathlib import Path

import pytest

import backhand

ROOT = Path(backhand.__file__).parent
PAGE = ROOT.parents[1] / "docs" / "architecture.md"
ROW = re.compile(r"^\| (\d+) \| `(\w+)/?` \|", re.MULTILINE)
FLOORS = {room: int(floor) for floor, room in ROW.findall(PAGE.read_text(encoding="utf-8"))}
MOST_FLOORS = 13
FILES = [path for path in sorted(ROOT.rglob("*.py")) if path.parent != ROOT or path.stem.strip("_") == path.stem]


def room(path):
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported(tree):
    """The rooms that a module imports from, wherever in it; the package and its version are none."""
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


def test_the_table_names_every_room():
    rooms = {room(path) for path in FILES} | {"studies"}
    assert set(FLOORS) == rooms
    assert len(set(FLOORS.values())) <= MOST_FLOORS


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_point_down(path):
    own = room(path)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    up = {name for name in imported(tree) if name != own and FLOORS[name] >= FLOORS[own]}
    assert up == set()


def test_the_picture_shows_every_room():
    picture = PAGE.read_text(encoding="utf-8").partition("```mermaid")[2].partition("```")[0]
    drawn = re.findall(r"^ +(\w+)\[\"", picture, re.MULTILINE)
    assert sorted(drawn) == sorted(FLOORS)
    for above, below in re.findall(r"(\w+) --> (.+)", picture):
        assert all(FLOORS[above] > FLOORS[name] for name in below.split(" & ") if name in FLOORS)


def test_the_door_leads_to_the_command_line():
    assert set(imported(ast.parse((ROOT / "__main__.py").read_text(encoding="utf-8")))) == {"cli"}


def test_an_import_that_points_up_is_seen():
    found = set(
        imported(ast.parse("def f():\n    from backhand import solver\n    import backhand.ops.relu, backhand"))
    )
    assert found == {"solver", "ops"}
