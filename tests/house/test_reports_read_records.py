"""A report imports what reads records and what writes pages, never what trains; a file's name has one owner."""

import ast
import re
from pathlib import Path

import pytest

import backhand
from backhand.experiments.kinds import KINDS
from backhand.files import names

ROOT = Path(backhand.__file__).parent
REPORTS = sorted((ROOT / "experiments").glob("*/report/**/*.py"))
PACKAGES = [kind.package.rpartition(".")[2] for kind in KINDS]
ALLOWED = {
    r"page(\.\w+)*": "what every report is written with",
    r"notebook(\.\w+)*": "figures and pieces of HTML, which know nothing of what they show",
    r"(arrays|errors|extras)": "types, what a person can mend, and which packages a page needs",
    r"files(\.\w+)*": "names of files, and a page written whole",
    r"study(\.\w+)*": "the frozen tables of a study, which are part of a record",
    r"training\.metrics": "which way a figure is better; it imports nothing that trains",
    r"experiments\.(environment|rates|kinds)": "records that all kinds share, and which kind a folder is",
    r"experiments\.failure": "what of a record's figures counts as failed",
    r"experiments\.\w+\.record": "the records of a kind",
    r"experiments\.run\.(metrics|evidence|evidence_groups|split_scores)": "the forms of a run's files",
    r"experiments\.run\.recipe": "a study in sentences",
    r"experiments\.(questions\.observations|series\.forms)": "the forms of cells and of results",
    r"experiments\.\w+\.report(\.\w+)*": "other chapters, and reports that a page contains",
    r"experiments\.search\.space": "the values of a trial as a storage keeps them",
    rf"experiments\.({'|'.join(PACKAGES)})": "the package of a kind, which holds its names",
}


def imported(tree):
    """Every module that is imported anywhere in a file, without the package's own name; names that may be modules."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.removeprefix("backhand.") for alias in node.names if is_ours(alias.name))
        if isinstance(node, ast.ImportFrom) and is_ours(node.module):
            base = node.module.removeprefix("backhand").removeprefix(".")
            yield from (f"{base}.{alias.name}".lstrip(".") for alias in node.names if is_module(base, alias.name))
            if base and not all(is_module(base, alias.name) for alias in node.names):
                yield base


def is_ours(name):
    return name.partition(".")[0] == "backhand"


def is_module(base, name):
    place = ROOT.joinpath(*base.split("."), name) if base else ROOT / name
    return place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()


def offences(source):
    found = set(imported(ast.parse(source)))
    return {name for name in found if not any(re.fullmatch(pattern, name) for pattern in ALLOWED)}


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_report_imports_only_records_and_pages(path):
    assert offences(path.read_text("utf-8")) == set()


def test_every_kind_has_a_report_that_is_looked_at():
    assert {path.parts[-3] for path in REPORTS if path.name == "__init__.py"} == set(PACKAGES)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("from backhand.layers import ReLU", "layers"),
        ("from backhand.training import losses", "training.losses"),
        ("from backhand.training.losses import L2", "training.losses"),
        ("import backhand.model.sequential", "model.sequential"),
        ("from backhand import backend", "backend"),
        ("def f():\n    from backhand.experiments.run import work", "experiments.run.work"),
        ("from backhand.experiments.trainer import Trainer", "experiments.trainer"),
        ("from backhand.experiments import units", "experiments.units"),
    ],
)
def test_what_trains_is_seen(line, name):
    assert offences(line) == {name}
    assert offences("from backhand.experiments.run.record import Run\nimport numpy\nfrom backhand import page") == set()


def file_names():
    """The names of all files of an experiment's folder that are constants."""
    own = {value for name, value in vars(names).items() if name.isupper() and isinstance(value, str)}
    return own | {kind.mark for kind in KINDS} | {"claims.json", "search.db", ".backhand.lock"}


def literals(path):
    """The texts in a module's code, without docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value


def test_the_name_of_a_file_occurs_once_in_the_code():
    owners = {}
    for path in sorted(ROOT.rglob("*.py")):
        for text in literals(path):
            for name in file_names():
                if re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text):
                    owners.setdefault(name, []).append(path.relative_to(ROOT).as_posix())
    assert {name: found for name, found in owners.items() if len(found) > 1} == {}
    assert owners.keys() == file_names()
