"""A folder in which every command of the documentation can run: data, studies, layers, and finished experiments."""

import sys
from contextlib import chdir
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
from PIL import Image

from backhand.cli.main import _run
from backhand.console.exits import run_to_exit_status
from tests.data.datafiles import cifar_files, idx, mnist_arrays
from tests.docs.markdown_pages import GUIDES, blocks

SMALL = ("--set", "train.epochs=1", "--quiet")
FEW = ("--set", "data.train_size=150")
PICTURES = """
name = "pictures"
[data]
name = "images"
path = "pictures"
[model]
name = "mlp"
"""
WIDTH = ("--set", "model.hidden=[8]")
EIGHT = ("--set", 'data.classes=["0", "1", "2", "3", "4", "5", "6", "7"]')
TWO_TRIALS = ("--set", "search.trials=2", "--set", "search.seeds=1")
RUNS = {  # by the names that commands give them
    "a": ("digits", *WIDTH, *FEW),
    "b": ("digits", *WIDTH, *FEW, "--seed", "1"),
    "c": ("digits", *WIDTH, *FEW, "--seed", "2"),
    "first": ("digits", *FEW, *EIGHT),
    "longer": ("digits", *WIDTH, *FEW, "--set", "train.keep_states=true"),
    "mine": ("pictures.toml", *WIDTH),
    "sold": ("sold.toml", *WIDTH),
    "digits-search-20260101-120000": (
        "digits-search.toml",
        *FEW,
        "--set",
        "search.trials=2",
        "--set",
        "search.seeds=1",
    ),
}
COPIES = {
    "a": ("digits", "no-dropout", "digits-20260101-120000", "digits-20250131-120000", "mnist-mlp-20260101-120000"),
}


def backhand(*words: object) -> int:
    """Run `backhand WORDS` in this process; its exit status."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["backhand", *map(str, words)])
        try:
            return run_to_exit_status(_run)
        except SystemExit as end:
            return int(end.code or 0)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _pictures(folder: Path, names: str, count: int, *, side: int = 24) -> None:
    rng = np.random.default_rng(len(names))
    for k, name in enumerate(names.split()):
        for number in range(count):
            pixels = rng.integers(0, 256, (side, side, 3)).astype(np.uint8)
            pixels[:, :, k % 3] = 255
            (folder / name).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(folder / name / f"{number:03}.png")


def _data(folder: Path) -> None:
    """DATA with MNIST, Fashion-MNIST and CIFAR-10 of a few images, and a person's own pictures, arrays and tables."""
    for split, count in (("train", 100), ("t10k", 50)):
        for name, array in zip(("images-idx3", "labels-idx1"), mnist_arrays(count), strict=True):
            for data_set in ("mnist", "fashion-mnist"):
                _write(folder / "DATA" / data_set / f"{split}-{name}-ubyte", idx(array))
    for name, content in cifar_files("bin").items():
        _write(folder / "DATA" / name, content)
    for name in ("pictures", "PHOTOS"):
        _pictures(folder / name, "cat dog", 24)
    for name in ("more-pictures", "NEW"):
        _pictures(folder / name, "truck", 24)
    for name in ("new/one.jpg", "new/two.png", "photo.png"):
        (folder / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (24, 24), (200, 40, 40)).save(folder / name)


def _sources(folder: Path) -> None:
    """Studies, layers and networks, as the guides have them."""
    for guide in ("your-own-arrays", "tables"):
        exec(blocks(GUIDES / f"{guide}.md", "python")[0], {})  # which write mine.npz and houses.csv
    (folder / "new.csv").write_bytes((folder / "houses.csv").read_bytes())
    rows = (folder / "houses.csv").read_text("utf-8").splitlines(keepends=True)
    complete = [row for row in rows if all(value.strip() for value in row.split(","))]
    (folder / "rents.csv").write_text("".join(complete), "utf-8")
    (folder / "mine.toml").write_text(blocks(GUIDES.parent / "tutorials" / "first-hour.md", "toml")[0], "utf-8")
    (folder / "pictures.toml").write_text(PICTURES, "utf-8")
    for name, guide in (("digits-search", "search"), ("width", "series"), ("sold", "tables")):
        (folder / f"{name}.toml").write_text(blocks(GUIDES / f"{guide}.md", "toml")[0], "utf-8")
    (folder / "search.toml").write_text((folder / "digits-search.toml").read_text("utf-8"), "utf-8")
    (folder / "layers.py").write_text(blocks(GUIDES / "check.md", "python")[0], "utf-8")
    for name in ("ada", "bob"):
        _write(folder / "submissions" / name / "layers.py", (folder / "layers.py").read_bytes())
    (folder / "net.py").write_text(blocks(GUIDES / "doctor.md", "python")[0], "utf-8")


def build(folder: Path) -> None:
    """Write everything into the folder, and train what commands need to be there."""
    with chdir(folder):
        _data(folder)
        _sources(folder)
        for name, words in RUNS.items():
            assert backhand("run", *words, *SMALL, "--out", f"runs/{name}") == 0, name
        for name, copies in COPIES.items():
            for copy in copies:
                copytree(f"runs/{name}", f"runs/{copy}")
        extension = "extend", "runs/first", "--data", "digits", "--classes", "8,9", "--epochs", "1", "--quiet"
        assert backhand(*extension, "--out", "runs/extend-20260101-120000") == 0
        assert backhand("new", "digits", "--out", "my-study.toml", "--quiet") == 0
