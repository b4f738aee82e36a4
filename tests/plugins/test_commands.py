"""Plugins that add a kind of experiment, or that cannot be used, as the program treats them."""

from pathlib import Path

import pytest

from tests.plugins.packages import program, refusal, write_metadata

KIND = {
    "__init__.py": """
from backhand.experiments.kind import Kind

KIND = Kind("a count", package=__name__, command="count", mark="count.json")
""",
    "command.py": '''
from pathlib import Path


def count(out: Path) -> None:
    """Count to three."""
    from counting import work

    work.run(out)
''',
    "work.py": """
from pathlib import Path

from backhand.experiments.workspace import Workspace
from backhand.files.atomic import write_atomic
from counting import KIND


def run(path: Path) -> None:
    with Workspace.open(path, KIND) as workspace:
        workspace.begin(0, {})
        write_atomic(workspace.folder / "count.json", b"3")
""",
    "record.py": """
from pathlib import Path

from backhand.experiments.kind import Row


def row(folder: Path) -> Row:
    return Row("three", "", "finished", (folder / "count.json").read_text())
""",
}


@pytest.fixture
def counting(tmp_path: Path) -> Path:
    """A folder with a package that adds the kind of experiment `count`."""
    folder = tmp_path / "installed"
    (folder / "counting").mkdir(parents=True)
    for name, text in KIND.items():
        (folder / "counting" / name).write_text(text, "utf-8")
    write_metadata(folder, "backhand-counting", "0.2", {"backhand.kinds": {"count": "counting:KIND"}})
    return folder


def test_a_kind_of_experiment(counting: Path, tmp_path: Path) -> None:
    assert "count" in program(tmp_path, "--help", plugins=counting).split()
    assert "count" not in program(tmp_path, "--help").split()
    assert "Count to three." in program(tmp_path, "count", "--help", plugins=counting)
    program(tmp_path, "count", "here", plugins=counting)
    said = program(tmp_path, "runs", ".", plugins=counting).splitlines()
    assert said[-1].split()[-2:] == ["finished", "3"]
    assert "count" in refusal(tmp_path, "count", "there")


def test_a_package_that_cannot_be_imported_stops_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "installed"
    groups = {
        "backhand.layers": {"bent": "backhand_bent:Bent", "relu": "backhand_bent:Relu"},
        "backhand.kinds": {"bend": "backhand_bent:KIND"},
        "backhand.studies": {"bent": "backhand_bent"},
        "backhand.layer": {"bent": "backhand_bent:Bent"},
    }
    write_metadata(folder, "backhand-bent", "0.3", groups)
    (folder / "backhand_bent.py").write_text("import nowhere_at_all", "utf-8")
    assert "run" in program(tmp_path, "--help", plugins=folder).split()
    assert "digits" in program(tmp_path, "list", plugins=folder)
    said = " ".join(program(tmp_path, "plugins", plugins=folder).split())
    assert 'the layer "bent" of backhand-bent 0.3 cannot be imported from backhand_bent:Bent' in said
    assert 'backhand-bent 0.3 adds the layer "relu", a name that Backhand has too; rename it there' in said
    assert (
        'backhand-bent 0.3 adds to "backhand.layer", a group that is unknown; did you mean "backhand.layers"?' in said
    )
    layers = 'model.layers=[{kind="bent"}]'
    said = refusal(tmp_path, "run", "digits", "--set", "model.name=sequential", "--set", layers, plugins=folder)
    assert 'the layer "bent" of backhand-bent 0.3 cannot be imported' in said
    assert 'the study "bent" of backhand-bent 0.3 cannot be imported' in refusal(
        tmp_path, "run", "bent", plugins=folder
    )
    assert 'the kind of experiment "bend" of backhand-bent 0.3' in refusal(tmp_path, "bend", plugins=folder)
