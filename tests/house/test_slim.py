"""What `pip install backhand` brings is enough to train, to check and to predict; the rest says what it needs."""

import json
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from backhand import extras
from backhand.data import embedded

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
SPACE = "[search]\nspace = { 'train.optimizer.lr' = { low = 0.01, high = 0.1 } }\ntrials = 2\n"
COMPANIONS = {"mpich"}  # a library for mpi4py, and programs: without a module of its own
LAYER = """
def linear_forward(x, w, b):
    return x @ w + b, (x, w)


def linear_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.mean(axis=0)
"""

LIBRARY = """
import backhand as bh
from backhand.check import check_file, check_layer
from backhand.experiments.kinds import KINDS

splits = bh.load("digits")
feed = bh.Feed(splits.train, bh.Standardizer.fit(splits.train.x, "global"))
model = bh.Sequential(bh.Flatten(), bh.Linear(10)).build((8, 8, 1), seed=0)
solver = bh.Solver(model, loss=bh.SoftmaxCrossEntropy(), optimizer=bh.SGD(0.1), batch_size=50)
solver.fit(feed, epochs=3)
assert bh.evaluate(model, bh.SoftmaxCrossEntropy(), feed).accuracy > 0.8
assert "Linear" in model._repr_html_() and splits._repr_html_()
assert check_layer(bh.Linear(3), (4,)).passed
assert check_file({layers!r})._repr_html_() is None
assert all(kind.report.closing for kind in KINDS)  # what the terminal shows at the end draws nothing
assert bh.load_classifier({run!r}).classes[3] == "3"
print("test accuracy", bh.load_run({run!r}).metrics.test.accuracy)
bh.write_report({run!r})
"""


def closure(requirements):
    """The names of the distributions that these requirements bring, on this machine."""
    found, left = set(), [Requirement(text) for text in requirements]
    while left:
        requirement = left.pop()
        name = canonicalize_name(requirement.name)
        if name in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        found.add(name)
        left += map(Requirement, metadata.requires(name) or ())
    return found


def modules():
    """The top modules of a slim installation, and all others that are installed here."""
    slim, inside, outside = closure(PROJECT["dependencies"]) | {"backhand"}, set(), set()
    for top, names in metadata.packages_distributions().items():
        (inside if slim & set(map(canonicalize_name, names)) else outside).add(top)
    return inside, outside


def commands(folder):
    run, layers = folder / "run", folder / "layers.py"
    return {
        "run": ("run", "digits", "--set", "train.epochs=1", "--out", run),
        "second run": ("run", "digits", "--set", "train.epochs=1", "--seed", "1", "--out", folder / "second"),
        "resume": ("run", "--resume", run),
        "predict": ("predict", run, folder / "digit.png"),
        "library": ("-c", LIBRARY.format(layers=str(layers), run=str(run))),
        "report": ("report", run),
        "check": ("check", layers),
        "check --html": ("check", layers, "--html", folder / "check.html"),
        "check --json": ("check", layers, "--json"),
        "check --only": ("check", "--only", "linear"),
        "lr-find": ("lr-find", "digits", "--steps", "40", "--out", folder / "rate.png"),
        "doctor": ("doctor", "digits"),
        "doctor --html": ("doctor", "digits", "--html", folder / "doctor.html"),
        "export": ("export", run, folder / "model.onnx"),
        "export folder": ("export", run, folder / "exported"),
        "export --push": ("export", run, "--push", "somebody/digits"),
        "estimator": ("-c", "from backhand import BackhandClassifier"),
        "export model": ("export", run, folder / "model.safetensors"),
        "list": ("list",),
        "runs": ("runs", folder),
        "new": ("new", "digits", "--out", folder / "mine.toml"),
        "exercise": ("exercise", folder / "course", "--convention", "cs231n"),
        "data list": ("data", "list"),
        "data verify": ("data", "verify", "breast_cancer"),
        "data show": ("data", "show", "digits", "--out", folder / "digits.png"),
        "compare": ("compare", "digits", "--out", folder / "comparison"),
        "compare runs": ("compare", run, folder / "second"),
        "search": ("run", folder / "search.toml", "--out", folder / "search"),
        "--help": ("--help",),
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    from PIL import Image

    folder = tmp_path_factory.mktemp("slim")
    Image.fromarray(embedded.arrays("digits")["x"][0] * 15).save(folder / "digit.png")
    (folder / "layers.py").write_text(LAYER, "utf-8")
    study = (ROOT / "src" / "backhand" / "studies" / "digits.toml").read_text("utf-8")
    (folder / "search.toml").write_text(study + SPACE, "utf-8")
    return folder


@pytest.fixture(scope="module")
def outcomes(folder):
    """The exit status and the output of every command, in a process with the slim packages alone."""
    names, lists = zip(*commands(folder).items(), strict=True)
    call = [sys.executable, Path(__file__).with_name("slim.py"), ",".join(modules()[1]), folder / "result.json"]
    asked = json.dumps([[str(word) for word in words] for words in lists])
    done = subprocess.run(call, input=asked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(zip(names, json.loads((folder / "result.json").read_text("utf-8")), strict=True))


def test_the_extras_bring_no_module_of_a_slim_installation():
    inside, outside = modules()
    assert {"numpy", "numba", "PIL", "pydantic", "safetensors", "typer"} <= inside
    assert {"matplotlib", "jinja2", "markupsafe", "sklearn", "scipy", "optuna", "sqlalchemy"} <= outside


@pytest.mark.parametrize(
    "name",
    [
        *("resume", "predict", "check --json", "check --only", "doctor", "list", "runs", "new", "exercise"),
        *("export model", "data list", "data verify", "compare runs", "--help"),
    ],
)
def test_it_is_enough(name, outcomes):
    status, output = outcomes[name]
    assert status == (1 if name == "check --json" else 0), output
    assert "pip install" not in output or name == "resume"


def test_a_run_ends_with_all_but_the_report(outcomes, folder):
    status, output = outcomes["run"]
    sentence = (
        rf"no report: a report needs \w+; install it by `pip install 'backhand\[report\]'`, "
        rf"then write it by `backhand report {folder / 'run'}`"
    )
    assert status == 0
    assert re.search(sentence, output), output
    assert "test accuracy" in output
    files = {path.name for path in (folder / "run").iterdir()}
    assert {"metrics.json", "evidence.safetensors", "best.safetensors", "study.toml"} <= files
    assert files & {"report.html", "report.md", "plots"} == set()


def test_the_report_of_such_a_run_can_be_written_later(outcomes, folder):
    from backhand.experiments import reports

    assert outcomes["run"][0] == 0
    assert "Handwritten digits" in reports.write(folder / "run").read_text("utf-8")


def test_the_library_trains_checks_and_shows_itself(outcomes):
    status, output = outcomes["library"]
    assert output.startswith("test accuracy 0."), output
    assert output.endswith("error: a report needs matplotlib; install it by `pip install 'backhand[report]'`")
    assert status == 2


def test_the_check_names_the_mistake_in_the_terminal(outcomes):
    status, output = outcomes["check"]
    assert status == 1
    assert "mean" in output
    assert "line 8" in output


def test_the_range_test_suggests_a_rate_without_its_plot(outcomes, folder):
    status, output = outcomes["lr-find"]
    assert status == 0
    assert "suggested: --set train.optimizer.lr=" in output
    assert output.endswith("no plot: a plot needs matplotlib; install it by `pip install 'backhand[report]'`")
    assert not (folder / "rate.png").exists()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("report", "error: a report needs matplotlib; install it by `pip install 'backhand[report]'`"),
        ("check --html", "error: --html needs matplotlib; install it by `pip install 'backhand[report]'`"),
        ("doctor --html", "error: --html needs matplotlib; install it by `pip install 'backhand[report]'`"),
        (
            "data show",
            "error: a picture of samples needs matplotlib; install it by `pip install 'backhand[report]'`",
        ),
        ("compare", "error: a comparison needs scikit-learn; install it by `pip install 'backhand[compare]'`"),
        ("export", "error: an export to ONNX needs onnx; install it by `pip install 'backhand[export]'`"),
        ("export folder", "error: an export to ONNX needs onnx; install it by `pip install 'backhand[export]'`"),
        (
            "export --push",
            "error: a push to the Hugging Face Hub needs huggingface-hub; install it by `pip install 'backhand[hub]'`",
        ),
        ("estimator", "error: an estimator needs scikit-learn; install it by `pip install 'backhand[compare]'`"),
        ("search", "error: a search needs optuna; install it by `pip install 'backhand[search]'`"),
    ],
)
def test_what_needs_more_says_so_in_one_sentence(name, sentence, outcomes, folder):
    assert outcomes[name] == [2, sentence]
    written = "check.html", "doctor.html", "digits.png", "comparison", "search", "model.onnx", "exported"
    assert not any((folder / left).exists() for left in written)


def test_the_readme_and_extras_have_a_line_for_each():
    text = (ROOT / "README.md").read_text("utf-8")
    assert all(extra.command in text for extra in extras.EXTRAS)


def test_each_extra_is_what_the_project_says():
    declared = PROJECT["optional-dependencies"]
    for extra in extras.EXTRAS:
        names = {Requirement(text).name for text in declared[extra.name]}
        assert set(extra.packages.values()) == names - COMPANIONS
    (everything,) = map(Requirement, declared["all"])
    assert everything.extras == {extra.name for extra in extras.EXTRAS if extra.in_all}
