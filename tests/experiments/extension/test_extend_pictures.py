"""New classes as folders of pictures: in another colour, of another range, some of them no pictures."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from backhand.errors import DataError
from backhand.experiments.run import work
from backhand.experiments.run.predict import load_classifier
from backhand.experiments.splits import StudySplits, load_study_splits
from backhand.study import Study, changed, load

STUDY = """
name = "first"
[data]
name = "images"
resize = { size = 8, how = "crop" }
[model]
name = "mlp"
hidden = [4]
[train]
epochs = 1
"""


def draw(folder: Path, labels: str, mode: str, brightest: int = 255) -> Path:
    rng = np.random.default_rng(0)
    for label in labels:
        (folder / label).mkdir(parents=True)
        for i in range(6):
            pixels = rng.integers(0, brightest + 1, (14, 10 + i, 3)).astype(np.uint8)
            Image.fromarray(pixels).convert(mode).save(folder / label / f"{i}.png")
    return folder


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backhand.data.cache.locations", SimpleNamespace(cache_dir=lambda: tmp_path / "cache"))


@pytest.fixture(scope="module", params=["L", "RGB"])
def first(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on grey pictures, and one on coloured ones."""
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "first.toml").write_text(STUDY, "utf-8")
    pictures = draw(folder / "old", "ab", request.param)
    work.run(load(str(folder / "first.toml"), [f"data.path={pictures}"]), folder / "first", quiet=True)
    return folder / "first"


def extended(run: Path, **table: object) -> Study:
    """The study of the run with a table for its extension."""
    return changed(load(str(run / "study.toml")), {"extend": {"run": str(run), **table}})


def new_samples(splits: StudySplits) -> np.ndarray:
    """The training samples of the new class."""
    return splits.train.x[splits.train.y == 2]


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_new_pictures_are_read_in_the_colour_of_the_old_ones_as_predict_reads_them(
    first: Path, tmp_path: Path, mode: str
) -> None:
    folder = draw(tmp_path / "new", "c", mode)
    classifier = load_classifier(first)
    splits = load_study_splits(extended(first, name="images", path=str(folder)))
    expected = {classifier.read(file).tobytes() for file in folder.rglob("*.png")}
    assert len(new_samples(splits)) >= 3
    assert {image.tobytes() for image in new_samples(splits)} <= expected
    old_mode = "L" if classifier.sample_shape[2] == 1 else "RGB"
    names = {"L": "grey", "RGB": "RGB"}
    note = None if old_mode == mode else f"from {names[mode]} to {names[old_mode]}"
    assert splits.splits.notes.get("new: pictures converted") == note


def test_arrays_of_another_colour_are_converted_too(first: Path, tmp_path: Path) -> None:
    C = load_classifier(first).sample_shape[2]
    x = np.random.default_rng(0).integers(0, 256, (9, 8, 8, 4 - C)).astype(np.uint8)
    np.savez(tmp_path / "new.npz", x=x, y=np.repeat(["c"], 9))
    new = new_samples(load_study_splits(extended(first, name="npz", path=str(tmp_path / "new.npz"))))
    assert new.shape[1:] == (8, 8, C)
    grey = x @ [0.299, 0.587, 0.114] if C == 1 else x[..., 0]
    assert min(np.abs(grey - new[0, :, :, 0]).max(axis=(1, 2))) <= 0.51


def test_pictures_of_another_range_are_refused(first: Path, tmp_path: Path) -> None:
    dark = draw(tmp_path / "new", "c", "L", brightest=2)
    with pytest.raises(DataError, match="the samples of images do not fit those of images: the values, from"):
        load_study_splits(extended(first, name="images", path=str(dark)))


def test_bad_pictures_are_skipped_where_one_asks_and_again_when_resumed(
    first: Path, tmp_path: Path, cli: Callable[..., tuple[int, str]]
) -> None:
    folder, out = draw(tmp_path / "new", "c", "L"), tmp_path / "out"
    (folder / "c" / "bad.png").write_bytes(b"nothing")
    options = ("--data", "images", "--path", folder, "--no-tree", "--no-afresh", "--without-old", "--out", out)
    status, output = cli("extend", first, *options)
    assert (status, "bad.png is not an image (unknown format); remove it or pass --skip-bad-images" in output) == (
        2,
        True,
    )
    assert cli("extend", first, *options, "--skip-bad-images")[0] == 0
    assert load(str(out / "without-old.toml")).extend.skip_bad_images
    assert cli("extend", "--resume", out)[0] == 0


def test_no_option_is_recommended_that_the_command_does_not_have(cli: Callable[..., tuple[int, str]]) -> None:
    status, output = cli("extend", "run", "--patience", "3")
    assert (status, "No such option: --patience" in output, "--set" in output) == (2, True, False)
