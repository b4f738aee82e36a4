"""The example of a plugin, installed into a folder: checked, trained with, saved, listed, and missed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.plugins.packages import EXAMPLE, install_example, program, python, refusal


@pytest.fixture(scope="module")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_example(tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, plugins: Path) -> Path:
    """A finished run of the example's study."""
    folder = tmp_path_factory.mktemp("run") / "run"
    program(folder.parent, "run", "swish-crescents", "--out", folder, plugins=plugins)
    return folder


def test_its_own_tests_pass(plugins: Path, tmp_path: Path) -> None:
    done = python(tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", EXAMPLE / "tests", plugins=plugins)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.split()[0] == "...."


def test_its_wheel_has_everything(tmp_path: Path) -> None:
    options = "--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check"
    command = [sys.executable, "-m", "pip", "install", *options, "--target", tmp_path, EXAMPLE]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    sources = EXAMPLE / "src"
    paths = {path.relative_to(sources) for path in sources.rglob("*.*") if "__pycache__" not in path.parts}
    assert {path for path in paths if not (tmp_path / path).exists()} == set()
    assert "swish-crescents" in program(tmp_path, "list", plugins=tmp_path)


def test_the_gradient_is_checked(plugins: Path, tmp_path: Path) -> None:
    said = program(tmp_path, "check", "--only", "swish", plugins=plugins)
    assert "op swish" in said
    assert "layer swish" in said
    assert "All 2 agree" in said


def test_the_derivation_runs(plugins: Path, tmp_path: Path) -> None:
    page = (plugins / "backhand_swish/derivations/swish.md").read_text("utf-8")
    code = page.partition("```python\n")[2].partition("```")[0]
    assert "assert" in code
    done = python(tmp_path, "-c", code, plugins=plugins)
    assert done.returncode == 0, done.stderr


def test_lists_show_what_it_adds(plugins: Path, tmp_path: Path) -> None:
    said = program(tmp_path, "plugins", plugins=plugins)
    rows = [line.split()[2:-1] for line in said.splitlines()[1:]]
    assert [" ".join(row) for row in rows] == [
        "layer swish",
        "activation swish",
        "op swish",
        "derivation swish",
        "cases swish",
        "data set crescents",
        "study swish-crescents",
    ]
    assert "backhand-swish 0.1.0" in said
    assert "swish-crescents" in program(tmp_path, "list", plugins=plugins)
    assert "crescents" in program(tmp_path, "data", "list", plugins=plugins)
    assert 'kind = "swish"' in program(tmp_path, "list", "--show", "swish-crescents", plugins=plugins)
    assert "no installed package adds anything" in program(tmp_path, "plugins")


def test_a_run_names_the_package(run: Path, plugins: Path) -> None:
    assert json.loads((run / "environment.json").read_text("utf-8"))["plugins"] == "backhand-swish 0.1.0"
    assert json.loads((run / "metrics.json").read_text("utf-8"))["test"]["accuracy"] > 0.95
    assert "backhand-swish 0.1.0" in (run / "report.md").read_text("utf-8")
    assert "swish-crescents" in program(run.parent, "runs", run.parent, plugins=plugins)


def test_an_activation_of_a_named_architecture(plugins: Path, tmp_path: Path) -> None:
    options = "--set", "model.activation=swish", "--set", "model.hidden=[8]", "--set", "train.epochs=1"
    said = program(tmp_path, "run", "digits", *options, "--out", "run", plugins=plugins)
    assert "Swish()" in said
    said = refusal(tmp_path, "run", "digits", "--set", "model.activation=swich", "--out", "no", plugins=plugins)
    assert 'unknown activation "swich"; did you mean "swish"?' in said


SAVED = """
import sys
import numpy as np
import backhand

model = backhand.load_model(sys.argv[1])
print(np.round(model.predict_proba(np.array([[0.0, 1.0], [1.0, -0.5]], np.float32)), 6).tolist())
"""


def test_a_saved_model_needs_the_package_and_says_so(run: Path, plugins: Path, tmp_path: Path) -> None:
    said = program(tmp_path, "export", run, "model.safetensors", plugins=plugins)
    assert "written" in said
    done = python(tmp_path, "-c", SAVED, "model.safetensors", plugins=plugins)
    assert done.returncode == 0, done.stderr
    upper, lower = json.loads(done.stdout)
    assert upper[0] > 0.9
    assert lower[1] > 0.9
    without = python(tmp_path, "-c", SAVED, "model.safetensors")
    assert without.returncode == 1
    assert (
        "model.safetensors: its layers come from backhand-swish 0.1.0, which is not installed; install by "
        "`pip install backhand-swish`"
    ) in without.stderr


def test_exports_without_a_counterpart_name_the_layer(run: Path, plugins: Path, tmp_path: Path) -> None:
    said = refusal(tmp_path, "export", run, "model.onnx", plugins=plugins)
    assert "layer 1, Swish(), has the op swish, which the export to ONNX does not know" in said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["report RUN", "run --resume RUN", "predict RUN x.csv", "export RUN m.safetensors"])
def test_a_run_without_the_package_says_which_one_it_needs(command: str, run: Path, tmp_path: Path) -> None:
    said = refusal(tmp_path, *(run if word == "RUN" else word for word in command.split()))
    assert f"{run} was made with backhand-swish 0.1.0, which is not installed; install by" in said
