"""Files beside the package that repeat what pyproject.toml says: they say the same."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import backhand
from backhand import extras

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
VERSIONS = sorted(text.rpartition(" ")[2] for text in PROJECT["classifiers"] if ":: Python :: 3." in text)
CONDA_NAMES = {"matplotlib": "matplotlib-base"}  # without the windows that a report does not open
ABOVE = "3.15"  # the first version of Python for which there are no kernels


def read(*path):
    return yaml.safe_load(ROOT.joinpath(*path).read_text("utf-8"))


def ours(requirements):
    """Requirements of pyproject.toml, as conda writes them."""
    parsed = [Requirement(text) for text in requirements]
    return {CONDA_NAMES.get(each.name, each.name): each.specifier for each in parsed}


def theirs(requirements):
    pairs = (text.split(" ", 1) for text in requirements)
    return {name: SpecifierSet(versions) for name, versions in pairs}


@pytest.fixture(scope="module")
def recipe():
    return read("packaging", "conda", "recipe.yaml")


def test_the_recipe_requires_what_the_project_requires(recipe):
    python = SpecifierSet(f"{PROJECT['requires-python']},<{ABOVE}")
    assert theirs(recipe["requirements"]["run"]) == ours(PROJECT["dependencies"]) | {"python": python}
    assert f"python_version < '{ABOVE}'" in next(text for text in PROJECT["dependencies"] if "numba" in text)


def test_the_recipe_builds_with_what_the_project_builds_with(recipe):
    system = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["build-system"]
    tools = {text for text in recipe["requirements"]["host"] if text.startswith("hatch")}
    assert theirs(tools) == ours(system["requires"])


def test_the_recipe_knows_the_extras_of_users(recipe):
    optional = PROJECT["optional-dependencies"]
    wanted = ours([text for extra in extras.EXTRAS for text in optional[extra.name]])
    assert theirs(recipe["requirements"]["run_constraints"]) == wanted


def test_the_recipe_makes_the_same_program_of_the_same_version(recipe):
    assert recipe["context"]["version"] == backhand.__version__
    scripts = [f"{name} = {place}" for name, place in PROJECT["scripts"].items()]
    assert recipe["build"]["python"]["entry_points"] == scripts
    assert recipe["about"]["homepage"] == PROJECT["urls"]["Homepage"]
    assert (recipe["about"]["license"], recipe["about"]["summary"]) == (PROJECT["license"], PROJECT["description"])


def test_the_citation_is_of_this_version():
    citation = read("CITATION.cff")
    assert str(citation["version"]) == backhand.__version__
    assert citation["repository-code"] == PROJECT["urls"]["Source"]
    assert [author["name"] for author in citation["authors"]] == [author["name"] for author in PROJECT["authors"]]
    assert citation["license"] == PROJECT["license"]


def test_the_workflow_tests_every_version_on_three_systems():
    jobs = read(".github", "workflows", "test.yml")["jobs"]
    matrix = jobs["test"]["strategy"]["matrix"]
    assert matrix["python"] == VERSIONS
    assert [system.partition("-")[0] for system in matrix["system"]] == ["ubuntu", "macos", "windows"]
    said = [line for step in jobs["test"]["steps"] if "if" not in step for line in step.get("run", "").splitlines()]
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert said == re.findall(r"^make .*", script, re.MULTILINE)


def test_every_commit_is_checked_as_make_lint_does():
    (local,) = read(".pre-commit-config.yaml")["repos"]
    hooks = {hook["id"]: hook["entry"] for hook in local["hooks"]}
    lint = re.search(r"^lint:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    tools = {line.split("/")[-1].split()[0] for line in lint[1].splitlines()}
    assert tools <= {entry.split()[0] for entry in hooks.values()}
    assert all(hook["language"] == "system" for hook in local["hooks"])


def test_the_makefile_knows_every_version():
    line = re.search(r"for p in (.*?);", (ROOT / "Makefile").read_text("utf-8"))[1]
    assert {f"python{version}" for version in VERSIONS} <= set(line.split())
