"""Plugins that add a kind of experiment, or that cannot be used, as the program treats them."""

from pathlib import Path

import pytest

from tests.plugins.packages import program, python, refusal, write_metadata

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


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import nowhere_at_all", "ModuleNotFoundError: No module named 'nowhere_at_all'"),
        ("", "AttributeError: module 'counting.command' has no attribute 'count'"),
        (
            "def count(verbose: bool = False): ...",
            "ValueError: every command has the option --verbose already; give that of this command another name",
        ),
    ],
)
def test_a_command_that_cannot_be_used_stops_nothing_else(
    command: str, reason: str, counting: Path, tmp_path: Path
) -> None:
    (counting / "counting" / "command.py").write_text(command, "utf-8")
    said = program(tmp_path, "--help", plugins=counting)
    assert f'the command "count" of a count cannot be used from counting.command ({reason}' in said.replace("\n", " ")
    assert {"run", "bench"} <= set(said.split())
    assert program(tmp_path, "list", plugins=counting) == program(tmp_path, "list")
    assert reason in refusal(tmp_path, "count", "there", plugins=counting)


def test_a_kind_without_a_result_in_json_is_refused(counting: Path, tmp_path: Path) -> None:
    source = counting / "counting" / "__init__.py"
    source.write_text(source.read_text("utf-8").replace("count.json", "count.toml"), "utf-8")
    said = refusal(tmp_path, "count", "there", plugins=counting)
    assert "whose result, or else whose mark, is a JSON file" in said


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


def test_a_study_that_cannot_be_used_hides_no_other(tmp_path: Path) -> None:
    package = tmp_path / "installed" / "backhand_odd"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("", "utf-8")
    (package / "odd.toml").write_text('name = "odd"\n[data]\nname = "digits"\n[model]\nname = "mlq"\n', "utf-8")
    (package / "odder.toml").write_text("name = ", "utf-8")
    studies = {"odd": "backhand_odd", "odder": "backhand_odd"}
    write_metadata(package.parent, "backhand-odd", "2.0", {"backhand.studies": studies})
    said = " ".join(program(tmp_path, "list", plugins=package.parent).split())
    assert "mnist-mlp" in said
    assert "backhand-odd 2.0 adds a study that cannot be used: odd: " in said
    assert 'the study "odder" of backhand-odd 2.0, backhand_odd, is not a package with the study of that name' in said


TWICE = """
from backhand.kernels.kernel import Kernel


def forward(x):
    return 2 * x, None


def backward(dy, cache):
    return (2 * dy,)


KERNEL = Kernel(forward, backward)
"""
KERNELS = """
import numpy as np

from backhand import backend

ran = backend.op("twice", np.float32)
assert ran.forward.__module__ == ("twice_fast" if backend.chosen() == "cpu" else "twice_op"), ran
assert backend.op("twice", np.float64).forward.__module__ == "twice_op"
assert "twice" in backend.op_names()
assert backend.kernel("twice_relu", np.float32) is None
print(backend.chosen())
"""


@pytest.mark.parametrize("chosen", ["cpu", "reference"])
def test_an_op_with_a_kernel(chosen: str, tmp_path: Path) -> None:
    folder = tmp_path / "installed"
    groups = {"backhand.ops": {"twice": "twice_op"}, "backhand.kernels": {"twice": "twice_fast"}}
    write_metadata(folder, "backhand-twice", "1.0", groups)
    for name in ("twice_op", "twice_fast"):
        (folder / f"{name}.py").write_text(TWICE, "utf-8")
    use = f"from backhand import backend\nbackend.use({chosen!r})\n"
    done = python(tmp_path, "-c", use + KERNELS, plugins=folder)
    assert (done.returncode, done.stdout.split()) == (0, [chosen]), done.stderr


def test_an_op_without_cases_fails_its_check(tmp_path: Path) -> None:
    folder = tmp_path / "installed"
    write_metadata(folder, "backhand-twice", "1.0", {"backhand.ops": {"twice": "twice_op"}})
    (folder / "twice_op.py").write_text(TWICE, "utf-8")
    done = python(tmp_path, "-m", "backhand", "check", "--only", "twice", plugins=folder)
    assert done.returncode == 1
    assert "op twice" in done.stdout
    assert "1 of 1 failed" in done.stdout
