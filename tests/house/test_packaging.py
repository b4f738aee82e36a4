"""The wheel and the source distribution: what is in them, that one makes the other, and that they work installed."""

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import backhand

ROOT = Path(__file__).parents[2]
SOURCE = Path(backhand.__file__).parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
HOOK = "import sys; from hatchling import build; print(getattr(build, sys.argv[1])(sys.argv[2]))"


def built(hook, source, target):
    """The file that a hook of the build backend makes of the sources in a folder."""
    call = [sys.executable, "-c", HOOK, hook, str(target)]
    done = subprocess.run(call, cwd=source, capture_output=True, text=True, check=True)
    return target / done.stdout.split()[-1]


def contents(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return built("build_wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def unpacked_sdist(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(built("build_sdist", ROOT, folder)) as archive:
        archive.extractall(folder / "unpacked", filter="data")
    return next((folder / "unpacked").iterdir())


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The folder of the unpacked wheel, and a function that runs `python ...` with it, away from the checkout."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)

    def run(*arguments):
        environment = os.environ | {"PYTHONPATH": str(folder), "PYTHONSAFEPATH": "1"}
        call = [sys.executable, *map(str, arguments)]
        done = subprocess.run(call, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    return folder, run


def test_the_wheel_has_every_file_of_the_package_and_the_derivations(wheel):
    names = {name for name in contents(wheel) if ".dist-info/" not in name}
    files = {path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*") if path.is_file()}
    pages = {f"derivations/{path.name}" for path in (ROOT / "docs" / "derivations").iterdir()}
    expected = {name for name in files if "__pycache__" not in name} | pages
    assert names == {f"backhand/{name}" for name in expected}
    assert {"backhand/py.typed", "backhand/studies/digits.toml", "backhand/data/embedded/digits.npz"} <= names


def test_the_source_distribution_makes_the_same_wheel(wheel, unpacked_sdist, tmp_path):
    assert contents(built("build_wheel", unpacked_sdist, tmp_path)) == contents(wheel)


def test_the_source_distribution_has_what_tests_and_documentation_need(unpacked_sdist):
    assert {"README.md", "LICENSE", "CHANGELOG.md", "CITATION.cff", "pyproject.toml", "Makefile", "PKG-INFO"} | {
        *("src", "tests", "docs", "benchmarks", "packaging")
    } <= {path.name for path in unpacked_sdist.iterdir()}
    assert list(unpacked_sdist.rglob("*.pyc")) == []


def test_the_metadata_are_those_of_the_project(wheel):
    (text,) = (content for name, content in contents(wheel).items() if name.endswith("/METADATA"))
    metadata = Parser().parsestr(text.decode())
    assert (metadata["Name"], metadata["Version"]) == ("backhand", backhand.__version__)
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "MIT"
    assert set(metadata.get_all("Provides-Extra")) == set(PROJECT["optional-dependencies"])
    required = {canonicalize_name(Requirement(text).name) for text in metadata.get_all("Requires-Dist")}
    assert {"numpy", "numba", "optuna", "matplotlib"} <= required
    assert all(url.startswith("https://github.com/backhand-dev/backhand") for url in PROJECT["urls"].values())


def test_links_of_the_readme_lead_into_the_repository(wheel):
    (text,) = (content for name, content in contents(wheel).items() if name.endswith("/METADATA"))
    targets = re.findall(r"\]\(([^)]*)\)", Parser().parsestr(text.decode()).get_payload())
    shown = re.findall(r"\]\(([^)]*)\)", (ROOT / "README.md").read_text("utf-8"))
    home = PROJECT["urls"]["Homepage"]
    assert targets == [f"{home}/{'raw' if path.endswith('.png') else 'blob'}/main/{path}" for path in shown]
    assert all((ROOT / path.partition("#")[0]).exists() for path in shown)


def test_the_classifiers_name_the_versions_that_are_tested():
    named = {text.rpartition(" :: ")[2] for text in PROJECT["classifiers"] if ":: Python :: 3." in text}
    assert named == {"3.11", "3.12", "3.13", "3.14"}


def test_what_is_installed_trains_and_reports(installed):
    folder, run = installed
    status, output = run("-m", "backhand", "run", "digits", "--set", "train.epochs=1", "--out", "first")
    assert status == 0, output
    assert "report: first" in output
    assert (folder / "first" / "report.html").stat().st_size > 100_000


def test_what_is_installed_hands_out_exercises_with_their_derivations(installed):
    folder, run = installed
    assert run("-m", "backhand", "exercise", "course", "--convention", "cs231n")[0] == 0
    assert (folder / "course" / "derivations" / "linear.md").is_file()


def test_what_is_installed_is_what_runs(installed):
    folder, run = installed
    status, output = run("-c", "import backhand; print(backhand.__file__)")
    assert (status, Path(output.strip())) == (0, folder / "backhand" / "__init__.py")
