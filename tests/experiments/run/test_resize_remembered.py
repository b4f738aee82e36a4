"""A run remembers how its pictures came to one size: prediction, extension and comparison do the same, to the bit."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from backhand.data.formats.resize import Resize
from backhand.experiments.build import load_feeds
from backhand.experiments.comparison import work as comparison
from backhand.experiments.comparison.plan import Plan
from backhand.experiments.extension import work as extension
from backhand.experiments.extension.plan import Plan as Planned
from backhand.experiments.run import work
from backhand.experiments.run.predict import load_classifier
from backhand.predictors.images import read_image
from backhand.study import load
from backhand.study.data import DataTable
from backhand.study.extend import ExtendTable

FORMS = (".png", ".jpg", ".webp", ".bmp")
STUDY = """
name = "photos"
[data]
name = "images"
path = "photos"
validation = 0.25
resize = { size = [20, 28], how = "HOW" }
[model]
name = "mlp"
hidden = [8]
[train]
epochs = 1
"""


def draw(folder: Path, labels: str, seed: int = 0) -> Path:
    """Ten pictures of each class: many sizes, four formats, grey and coloured, one of them huge, one lying."""
    rng = np.random.default_rng(seed)
    for label in labels:
        (folder / label).mkdir(parents=True)
        for i in range(10):
            height, width = (700, 900) if i == 9 else rng.integers(15, 60, 2)
            pixels = rng.integers(0, 256, (height, width) if i == 4 else (height, width, 3)).astype(np.uint8)
            exif = Image.Exif()
            exif[274] = 6 if i in (5, 9) else 1
            Image.fromarray(pixels).save(folder / label / f"{i}{FORMS[i % 4]}", exif=exif)
    return folder


@pytest.fixture(autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BACKHAND_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BACKHAND_BACKEND", "reference")


def trained(how: str = "crop") -> Path:
    Path("photos.toml").write_text(STUDY.replace("HOW", how))
    work.run(load("photos.toml"), "run", quiet=True)
    return Path("run")


@pytest.mark.parametrize("how", ["crop", "letterbox", "stretch"])
def test_prediction_sees_what_training_saw(how: str) -> None:
    files = sorted(draw(Path("photos"), "ab").rglob("*.*"))
    classifier = load_classifier(trained(how))
    assert classifier.resize == Resize((20, 28), how)
    feeds = load_feeds(load("run/study.toml")).by_split.values()
    training_images = {image.tobytes() for feed in feeds for image in feed.data.x}
    assert {classifier.read(file).tobytes() for file in files} == training_images
    x = read_image(files[0], classifier.sample_shape, resize=classifier.resize)
    np.testing.assert_array_equal(x, classifier.read(str(files[0])))


def test_the_program_predicts_without_being_told(cli) -> None:
    files = sorted(draw(Path("photos"), "ab").rglob("*.*"))
    trained("letterbox")
    plain = cli("predict", "run", *files)
    assert plain[0] == 0
    assert plain == cli("predict", "run", *files, "--resize")


def test_grey_pictures_are_read_as_a_run_on_colour_read_them(tmp_path: Path) -> None:
    draw(Path("photos"), "ab")
    trained()
    (grey,) = Path("photos/a").glob("4.*")
    image = load_classifier("run").read(grey)
    assert image.shape == (20, 28, 3)
    np.testing.assert_array_equal(image, np.repeat(image[:, :, :1], 3, axis=2))


def test_new_classes_come_to_the_size_of_the_old_ones(tmp_path: Path) -> None:
    draw(Path("photos"), "ab")
    draw(Path("new"), "cd", seed=1)
    trained("letterbox")
    table = ExtendTable(run=tmp_path / "run", name="images", path=tmp_path / "new")
    extension.run(Planned(table, ways=("with-old",), tree=False), Path("extended"), quiet=True)
    classifier = load_classifier("run")
    feeds = load_feeds(load("extended/with-old.toml")).by_split.values()
    training_images = {image.tobytes() for feed in feeds for image in feed.data.x}
    files = [*Path("new").rglob("*.*"), *Path("photos").rglob("*.*")]
    assert {classifier.read(file).tobytes() for file in files} == training_images
    assert extension.resume("extended", quiet=True).ways["with-old"].counts
    assert load_classifier("extended/with-old").resize == Resize((20, 28), "letterbox")


def test_new_classes_are_stretched_where_the_run_has_one_size_of_its_own(tmp_path: Path) -> None:
    for label in "ab":
        (tmp_path / "photos" / label).mkdir(parents=True)
        for i in range(10):
            Image.fromarray(np.full((20, 28, 3), 20 * i, np.uint8)).save(tmp_path / "photos" / label / f"{i}.png")
    draw(Path("new"), "c", seed=1)
    Path("photos.toml").write_text(STUDY.replace('resize = { size = [20, 28], how = "HOW" }\n', ""))
    work.run(load("photos.toml"), "run", quiet=True)
    table = ExtendTable(run=tmp_path / "run", name="images", path=tmp_path / "new", resize=True)
    extension.run(Planned(table, ways=("with-old",), tree=False), Path("extended"), quiet=True)
    feeds = load_feeds(load("extended/with-old.toml")).by_split.values()
    training_images = {image.tobytes() for feed in feeds for image in feed.data.x}
    stretched = {read_image(file, (20, 28, 3), resize=True).tobytes() for file in Path("new").rglob("*.*")}
    assert stretched <= training_images


def test_a_comparison_scales_as_its_network_says_or_as_the_plan_says(tmp_path: Path) -> None:
    draw(Path("photos"), "ab")
    Path("photos.toml").write_text(STUDY.replace("HOW", "crop"))
    study = load("photos.toml", ["train.batch_size=8"])
    for resize, shape in ((None, (20, 28, 3)), ("auto", (24, 24, 3))):
        table = DataTable(name="images", path=tmp_path / "photos", resize=resize)
        record = comparison.run(Plan(table, (study,), ("tree",), folds=2), f"compared-{resize}", quiet=True)
        assert tuple(record.data.sample_shape) == shape
        assert len(record.results) == 4


def test_pictures_of_several_sizes_are_verified_and_shown(cli) -> None:
    draw(Path("photos"), "ab")
    for command in ("verify", "show"):
        code, output = cli("data", command, "images", "--path", "photos")
        assert code == 2
        assert "set data.resize in the study, or pass --resize" in output
        code, output = cli("data", command, "images", "--path", "photos", "--resize")
        assert code == 0
    assert "pictures scaled: to" in output
