"""The folder that is handed out: files, derivations, the page for students, the solution."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

import backhand
from backhand.errors import BackhandError
from backhand.exercises import derivations
from backhand.exercises.catalogue import CONVENTIONS, find_convention
from backhand.exercises.handout import select, write_handout
from tests.exercises.solutions import CONVENTIONS as FOLDER
from tests.exercises.solutions import load_from

EVERY = pytest.mark.parametrize("convention", CONVENTIONS, ids=lambda convention: convention.name)


def test_the_table_lists_every_folder():
    assert sorted(convention.name for convention in CONVENTIONS) == sorted(path.name for path in FOLDER.iterdir())


@EVERY
def test_a_handout_is_complete(convention, tmp_path):
    handout = write_handout(tmp_path / "course", convention)
    folder = tmp_path / "course"
    assert list(handout.layers) == convention.layers()
    assert handout.functions >= 3
    for source in convention.sources():
        original = (FOLDER / convention.name / source.path).read_text("utf-8")
        assert (folder / "solution" / source.path).read_text("utf-8") == original
        exercise = (folder / source.path).read_text("utf-8")
        assert (exercise == original) is not any(section.to_write() for section in source.sections)
        assert signatures(exercise) == signatures(original)
    assert raised(handout.files) == handout.functions
    assert links(folder / "README.md")
    assert "backhand check" in (folder / "README.md").read_text("utf-8")


def signatures(text):
    """Every definition of a file with its arguments and docstring."""
    nodes = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef))
    outer = (node for node in nodes if node.col_offset <= 4 and ast.get_docstring(node))
    return [(node.name, ast.unparse(node.args), ast.get_docstring(node)) for node in outer]


def raised(files):
    return sum(file.read_text("utf-8").count('NotImplementedError("write ') for file in files) + sum(
        len(re.findall(r'NotImplementedError\(\n *"write ', file.read_text("utf-8"))) for file in files
    )


def links(page):
    """The targets of all links of a page, each of which is there."""
    targets = re.findall(r"\]\(([^):]+)\)", page.read_text("utf-8"))
    assert all((page.parent / target).is_file() for target in targets)
    return targets


@EVERY
def test_every_public_name_of_a_solution_is_explained(convention):
    for source in convention.sources():
        tree = ast.parse(source.solution())
        assert ast.get_docstring(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
                words = (ast.get_docstring(node) or "").split()
                assert len(words) > 4, f"{source.path}: {node.name}"


@EVERY
def test_a_layer_brings_what_it_calls(convention):
    for layer in convention.layers():
        defined = {name for source in convention.sources() for each in source.sections for name in each.defined}
        sections = [section for source in select(convention, [layer]) for section in source.sections]
        assert layer in {section.layer for section in sections}
        used = {name for section in sections for name in section.used}
        assert used & defined <= {name for section in sections for name in section.defined}


@EVERY
def test_each_layer_alone_can_be_imported(convention, tmp_path):
    package = {"PyTorch": "torch", "JAX": "jax"}.get(convention.arrays)
    if package is not None:
        pytest.importorskip(package, reason=f"the convention is one of {convention.arrays}")
    for layer in convention.layers():
        sources = select(convention, [layer])
        for source in sources:
            file = tmp_path / layer / source.path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(source.exercise({}), "utf-8")
        for source in sources:
            module = load_from(tmp_path / layer, source.path)
            assert all(hasattr(module, name) for section in source.sections for name in section.defined)


def test_chosen_layers_alone(tmp_path):
    handout = write_handout(str(tmp_path), find_convention("dlfs"), ["relu", "linear"], solution=False)
    assert handout.layers == ("linear", "relu")
    assert {path.name for path in tmp_path.iterdir()} == {"README.md", "derivations", "layers.py", "util.py"}
    assert "Sigmoid" not in (tmp_path / "layers.py").read_text("utf-8")


def test_derivations_of_layers_are_there():
    pages = derivations.read_pages()
    layers = {layer for convention in CONVENTIONS for layer in convention.layers()}
    without = {layer for layer in layers if derivations.page_of(layer) not in pages}
    assert without <= {"mse", "sgd", "momentum", "adam", "gelu", "identity", "resampling", "softplus", "swish"}
    assert set(derivations.DERIVED_AS) <= layers
    assert not set(derivations.DERIVED_AS) & {page.removesuffix(".md") for page in pages}


def test_a_wheel_has_the_derivations_where_they_are_looked_for():
    root = Path(backhand.__file__).parents[2]
    wheel = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["sources"]["docs/derivations"] == f"backhand/{derivations.FOLDER}"
    assert set(wheel["only-include"]) == set(wheel["sources"])
    assert all((root / folder).is_dir() for folder in wheel["sources"])


def test_pages_in_the_package_come_first(monkeypatch, tmp_path):
    (tmp_path / derivations.FOLDER).mkdir()
    (tmp_path / derivations.FOLDER / "linear.md").write_text("# Linear\n", "utf-8")
    monkeypatch.setattr(derivations, "files", lambda package: tmp_path)
    assert derivations.read_pages() == {"linear.md": "# Linear\n"}


def test_an_installation_without_derivations_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(derivations, "_folders", lambda: [tmp_path / "nowhere"])
    with pytest.raises(BackhandError, match="no derivations"):
        derivations.read_pages()
