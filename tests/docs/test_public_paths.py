"""Every public function that takes a path takes text as well as a path."""

import ast
import importlib
import inspect
import pkgutil
import types
import typing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import backhand
from backhand import checkpoint, data
from backhand.data.show import draw_contact_sheet, draw_samples
from backhand.data.verify import verify
from backhand.experiments import reports
from backhand.experiments.run import work
from backhand.experiments.run.predict import load_classifier
from backhand.experiments.trainer import data_of
from backhand.files.paths import PathLike
from backhand.page.range_test import draw
from backhand.predictors.images import read_image
from backhand.study import load
from backhand.training.callbacks import Checkpoint, EarlyStopping
from backhand.weights import transfer
from tests.docs.markdown_pages import GUIDES, blocks

# What else people call, beside what packages list in __all__ and what the guides import.
CALLED = {
    "backhand.training.callbacks": ("Checkpoint",),
    "backhand.checkpoint": ("save", "save_generation", "load", "load_generation", "previous"),
    "backhand.data.download": ("fetch_data_set",),
    "backhand.data.show": ("draw_samples", "draw_contact_sheet", "draw_scatter"),
    "backhand.data.verify": ("verify",),
    "backhand.experiments.build": ("load_feeds",),
    "backhand.experiments.splits": ("load_study_splits",),
    "backhand.experiments.run.predict": ("load_classifier",),
    "backhand.predictors.images": ("read_image",),
    "backhand.experiments.reports": ("write", "write_results"),
    "backhand.experiments.trainer": ("data_of",),
    "backhand.page.range_test": ("draw",),
    "backhand.training.saving": ("has_state", "load_state", "remove_states"),
    "backhand.experiments.series.work": ("expand", "results"),
    "backhand.study.toml": ("load", "load_series", "is_series"),
}


def listed():
    """What the packages list as their public names."""
    for module in pkgutil.walk_packages(backhand.__path__, "backhand."):
        if module.ispkg and ".kernels" not in module.name:
            package = importlib.import_module(module.name)
            yield from ((module.name, name) for name in getattr(package, "__all__", ()))


def imported():
    """What the guides import."""
    for page in [*GUIDES.glob("*.md"), GUIDES.parents[1] / "README.md"]:
        for block in blocks(page, "python"):
            for node in ast.walk(ast.parse(block)):
                if isinstance(node, ast.ImportFrom) and node.module.partition(".")[0] == "backhand":
                    yield from ((node.module, alias.name) for alias in node.names)


def names():
    called = ((module, name) for module, several in CALLED.items() for name in several)
    return sorted({*listed(), *imported(), *called} - {("backhand.cli", "main"), ("backhand.arrays", "Array")})


def paths_of(call):
    """The parameters of a function, or of a class's constructor, whose type holds a path that is not text."""
    hints = typing.get_type_hints(call.__init__ if inspect.isclass(call) else call)
    for name, hint in hints.items():
        if name != "return" and holds_path(hint):
            yield name


def holds_path(hint):
    if isinstance(hint, type) and not typing.get_args(hint):
        return issubclass(hint, Path)
    inner = hint if isinstance(hint, list) else typing.get_args(hint)  # a list: what a callable takes
    takes_text = all(each in inner for each in typing.get_args(PathLike))
    return not takes_text and any(map(holds_path, inner))


@pytest.mark.parametrize(("module", "name"), names(), ids=lambda value: value.removeprefix("backhand."))
def test_no_public_function_wants_a_path_that_is_not_text(module, name):
    found = getattr(importlib.import_module(module), name)
    if isinstance(found, types.ModuleType) or not callable(found) or hasattr(found, "model_fields"):
        return  # a table of a study is checked by pydantic, which takes both
    assert list(paths_of(found)) == []


def test_a_parameter_that_wants_a_path_is_seen():
    def wants(a: Path, b: Path | None, c: list[Path], d: PathLike, e: PathLike | None, f: list[PathLike], g: int): ...

    assert list(paths_of(wants)) == ["a", "b", "c"]
    assert {"load_classifier", "load", "run", "transfer", "write"} <= {name for _, name in names()}


STUDY = """
name = "small"
[data]
name = "digits"
train_size = 100
[model]
name = "mlp"
hidden = [4]
[train]
epochs = 1
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run in a folder that is named by text."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "small.toml").write_text(STUDY)
    work.run(load(f"{folder}/small.toml"), f"{folder}/run", quiet=True)
    return f"{folder}/run"


def test_text_is_as_good_as_a_path(run, tmp_path, monkeypatch, make_solver):
    monkeypatch.setenv("HOME", str(tmp_path))
    image = np.arange(64, dtype=np.uint8).reshape(8, 8)
    Image.fromarray(image).save(tmp_path / "a.png")
    classifier = load_classifier(run)
    assert read_image("~/a.png", classifier.sample_shape).shape == (8, 8, 1)
    splits = data.load("digits", data_dir="nowhere")
    assert draw_samples(splits, "~/sheet.png") == tmp_path / "sheet.png"
    assert draw_contact_sheet(splits.train.x, splits.train.y, splits.classes, "~/other.png", title="").exists()
    assert verify("digits", data_dir="~").splits.name == "digits"
    checkpoint.save("~/a.safetensors", {"x": image})
    checkpoint.save_generation("~/a.safetensors", {"x": image})
    assert checkpoint.load("~/a.safetensors")[0].keys() == checkpoint.load_generation("~/a.safetensors")[0].keys()
    assert checkpoint.previous("~/a.safetensors").exists()
    solver = make_solver()
    solver.callbacks = [stopping := EarlyStopping(), Checkpoint("~", stopping)]
    assert data_of(load(f"{run}/study.toml"), "~").splits.name == "digits"
    assert transfer(classifier.model, run).source == run
    assert reports.write(run) == Path(run, "report.html")


def test_npz_and_images_are_read_from_text(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.random.default_rng(0).normal(size=(40, 3)), y=np.arange(40) % 2)
    assert len(data.load("npz", path=str(tmp_path / "a.npz")).classes) == 2


def test_a_plot_of_rates_is_drawn_to_text(tmp_path, blobs, make_solver):
    from backhand.training.range_test import range_test

    draw(range_test(make_solver(), blobs[0], steps=40), "rates", f"{tmp_path}/rates.png")
    assert (tmp_path / "rates.png").exists()
