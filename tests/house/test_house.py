"""Rules of the house that no linter knows."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import backhand

SOURCE = Path(backhand.__file__).parent
TESTS = Path(__file__).parents[1]
CONVENTIONS = SOURCE / "exercises" / "conventions"
LINES = 300
FROM_DATA = {"eval", "exec", "pickle.load", "pickle.loads"}
HEAVY = {"scipy", "sklearn", "matplotlib", "pydantic", "typer", "rich", "PIL", "jinja2", "torch"}
HEAVY |= {"onnx", "onnxruntime", "huggingface_hub", "tensorboard", "mlflow", "wandb"}
MODULES = [pytest.param(path, id=path.relative_to(SOURCE).as_posix()) for path in sorted(SOURCE.rglob("*.py"))]


@pytest.mark.parametrize("path", MODULES)
def test_everything_public_has_a_docstring(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree) or not tree.body, "the module has none"
    bare = [node.name for node in public(tree) if ast.get_docstring(node) is None]
    assert bare == []


def public(tree):
    """Classes, functions, and the methods of classes, unless their name begins with an underscore; no overloads."""
    for node in tree.body:
        overload = any(ast.unparse(each) == "overload" for each in getattr(node, "decorator_list", ()))
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_") and not overload:
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node)


@pytest.mark.parametrize("path", MODULES)
def test_no_archive_is_unpacked_whole_and_no_code_comes_from_data(path):
    """Nor is any error caught that nobody thought of."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            # Machine code, and units that a worker is sent to run: to load them is to run them.
            runs = path.name == "jit.py" or path.match("cluster/remote.py") or path.match("cluster/dask.py")
            ours = runs and called == "pickle.loads"
            person = path.match("check/source/guarded.py") and called == "exec"  # a check runs what a person names
            assert ours or person or called not in FROM_DATA, f"line {node.lineno}: {called}"
            assert not called.endswith(".extractall"), f"line {node.lineno}: {called}"
        if isinstance(node, ast.ExceptHandler) and ast.unparse(node.body[-1]) != "raise":  # tidying up is well
            caught = ast.unparse(node.type) if node.type else "everything"
            everything = caught in {"everything", "Exception", "BaseException"}  # as a person's code may raise anything
            of_others = path.match("check/source/guarded.py") or path.name in {"plugins.py", "arguments.py"}
            assert not everything or of_others, f"line {node.lineno}: catches {caught}"


def test_tests_lie_in_the_rooms_of_what_they_test():
    """Those of the scripts in benchmarks/, of the pages in docs/ and of the whole tree have rooms of their own."""
    elsewhere = {"benchmarks", "docs", "house", "fixtures"}
    rooms = {path.parent.relative_to(TESTS) for path in TESTS.rglob("test_*.py")}
    unknown = {
        room.as_posix()
        for room in rooms
        if room.parts[0] not in elsewhere
        and not (SOURCE / room).is_dir()
        and not (SOURCE / room).with_suffix(".py").is_file()
    }
    assert unknown == set()


def test_files_are_short():
    long = {
        path.name: lines
        for folder in (SOURCE, TESTS)
        for path in folder.rglob("*.py")
        if CONVENTIONS not in path.parents  # a file there is as long as that of the course
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) > LINES
    }
    assert long == {}


@pytest.mark.parametrize(
    "module", ["backhand", "backhand.model.sequential", "backhand.check.suite", "backhand.cli.main"]
)
def test_nothing_heavy_comes_along(module):
    script = f"import sys, {module}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert HEAVY & set(done.stdout.split()) == set()
