"""`backhand new`: a study that loads and runs, what it says of the pictures, and nothing overwritten."""

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from backhand.errors import DataError
from backhand.experiments.estimate import Estimate
from backhand.experiments.run import work
from backhand.experiments.run.predict import load_classifier
from backhand.experiments.splits import load_study_splits
from backhand.study import is_series, load, shipped, shipped_series

Cli = Callable[..., tuple[int, str]]
SIZES = [(20, 24), (30, 24), (24, 40), (26, 26)]  # width, height


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pictures = SimpleNamespace(cache_dir=lambda: tmp_path / "cache")  # kernels keep theirs, and stay compiled
    monkeypatch.setattr("backhand.data.cache.locations", pictures)


def draw(folder: Path, counts: dict[str, int], mode: str = "RGB", sizes: list[tuple[int, int]] = SIZES) -> Path:
    """Pictures of each class: dark ones of the first, brighter ones of the next."""
    rng = np.random.default_rng(0)
    for k, (label, count) in enumerate(counts.items()):
        (folder / label).mkdir(parents=True)
        for i in range(count):
            width, height = sizes[i % len(sizes)]
            shape = (height, width, 3) if mode == "RGB" else (height, width)
            pixels = rng.integers(80 * k, 80 * k + 90, shape).astype(np.uint8)
            Image.fromarray(pixels).save(folder / label / f"{i:03}{('.png', '.bmp', '.webp')[i % 3]}")
    return folder


def test_the_study_of_pictures_runs_and_predicts(cli: Cli) -> None:
    draw(Path("photos"), {"dark": 30, "light": 30})
    code, said = cli("new", "images", "--path", "photos", "--out", "mine.toml")
    assert code == 0
    assert "60 pictures of 2 classes, in colour, of 4 sizes, with sides from 20 to 40 pixels" in said
    assert "size: 24 x 24 pixels by crop, as half of the pictures have a shorter side of 24 pixels or less" in said
    assert "classes: of about equal size" in said
    assert "300 epochs of about 43 pictures" in said
    assert "backhand run mine.toml" in said
    assert "# size: 24 x 24 pixels by crop" in Path("mine.toml").read_text("utf-8")
    study = load("mine.toml", ["train.epochs=1", "train.optimizer.lr=0.05", "model.width=16"])
    assert study.name == "mine"
    assert study.data.path == Path("photos").resolve()
    assert study.data.resize.size == 24
    metrics = work.run(study, "run", quiet=True)
    assert metrics.data.sample_shape == (24, 24, 3)
    assert sum(metrics.data.counts["train"]) == 43
    Image.new("L", (31, 50), 200).save("new.png")
    assert load_classifier("run").read("new.png").shape == (24, 24, 3)
    assert cli("predict", "run", "new.png", "photos/dark/000.png")[0] == 0


def test_it_says_what_is_unusual(cli: Cli) -> None:
    folder = draw(Path("photos"), {"many": 40, "few": 8}, "L", [(100, 60)])
    (folder / "many" / "broken.png").write_bytes(b"nothing")
    (folder / "few" / "notes.txt").write_text("hello")
    Image.new("RGB", (100, 60)).save(folder / "few" / "red.png")
    code, said = cli("new", "images", "--path", folder, "--out", "here/photos.toml")
    assert code == 0
    assert "49 pictures of 2 classes" in said  # grey WebPs are in colour
    assert " in colour and " in said
    assert "all of 60 x 100 pixels (height x width)" in said
    assert "size: 50 x 83 pixels (height x width), scaled down from 60 x 100 pixels" in said
    assert 'classes: unequal, 40 pictures of "many" and 9 of "few"; those of rare classes count for more' in said
    assert 'few pictures: 9 of class "few" teach little' in said
    assert "passed over: 1 .txt" in said
    assert "not read: 1; photos/many/broken.png is not an image" in said
    assert "; mend or remove such files, or set skip_bad_images = true" in said
    study = load("here/photos.toml")
    assert study.data.resize.size == (50, 83)
    assert study.data.path == folder.resolve()


def test_splits_of_ones_own_are_counted(tmp_path: Path) -> None:
    for split, count in (("train", 100), ("validation", 10), ("test", 10)):
        draw(tmp_path / "photos" / split, {"a": count, "b": count})
    study = load("images")
    assert Estimate.of(study, tmp_path / "photos").samples == 200
    draw(tmp_path / "plain", {"a": 50, "b": 50})
    assert Estimate.of(study, tmp_path / "plain").samples == 72  # a fifth to test, a tenth of the rest to validate


def test_without_pictures_to_train_on_there_is_no_study(cli: Cli) -> None:
    for split in ("test", "validation"):
        draw(Path("photos") / split, {"a": 5, "b": 5})
    code, said = cli("new", "images", "--path", "photos")
    assert code == 2
    assert "photos has no train folder beside validation and test; add one" in said


@pytest.mark.parametrize(("classes", "count"), [(10, 9), (5, 15), (2, 8), (2, 3)])
def test_of_few_pictures_each_class_is_trained_validated_and_tested(tmp_path: Path, classes: int, count: int) -> None:
    folder = draw(tmp_path / "photos", {f"c{k}": count for k in range(classes)})
    study, estimate = load("images", [f"data.path={folder}"]), Estimate.of(load("images"), folder)
    parts = load_study_splits(study)
    assert estimate.samples == len(parts.train)
    for part in (parts.train, parts.validation, parts.splits.test):
        assert set(part.y) == set(range(classes))


@pytest.mark.parametrize(("count", "part"), [(1, "test"), (2, "validation")])
def test_too_few_pictures_to_divide_are_refused_as_the_run_would(cli: Cli, count: int, part: str) -> None:
    draw(Path("photos"), {"many": 30, "rare": count})
    code, said = cli("new", "images", "--path", "photos")
    assert code == 2
    assert 'class "rare" has 1 of ' in said
    assert f"for {part}; add samples" in said
    assert not Path("mine.toml").exists()


@pytest.mark.parametrize(
    ("side", "size"), [(100, "64 x 64 pixels by crop, the largest"), (12, "16 x 16 pixels by crop, the smallest")]
)
def test_a_size_at_a_limit_is_said_to_be_one(tmp_path: Path, side: int, size: str) -> None:
    folder = draw(tmp_path / "photos", {"a": 5, "b": 5}, sizes=[(side, side), (side + 1, side)])
    assert size in "".join(Estimate.of(load("images"), folder).remarks())


@pytest.mark.parametrize(
    ("size", "said"),
    [
        ((5, 5), "size: 16 x 16 pixels, enlarged from 5 x 5 pixels, which would show little"),
        ((1500, 20), "size: 16 x 256 pixels (height x width) by crop, scaled down from 20 x 1500 pixels"),
        ((1, 1), "size: 16 x 16 pixels, enlarged"),
    ],
)
def test_pictures_too_small_or_too_long_for_the_network_are_brought_to_a_size_that_fits(
    tmp_path: Path, size: tuple[int, int], said: str
) -> None:
    folder = draw(tmp_path / "photos", {"a": 5, "b": 5}, sizes=[size])
    assert said in "".join(Estimate.of(load("images"), folder).remarks())


def test_pictures_that_do_not_fit_the_network_are_refused_before_the_cost_is_known(tmp_path: Path) -> None:
    folder = draw(tmp_path / "photos", {"a": 5, "b": 5}, sizes=[(40, 5)])
    with pytest.raises(DataError, match=r"photos, at 5 x 40 pixels .*, do not fit: model: images_cnn needs sides of 6"):
        Estimate.of(load("images", ["data.resize.size=[5,40]"]), folder)


def test_odd_names_of_folders_make_a_file_that_loads(cli: Cli) -> None:
    folder = draw(Path('my "photos"\nof 2026'), {"a": 5, "b\u00e9": 5})
    assert cli("new", "images", "--path", folder)[0] == 0
    assert load("mine.toml").data.path == folder.resolve()


@pytest.mark.skipif(os.name != "posix", reason="names are text elsewhere")
def test_a_name_that_is_no_text_is_refused(cli: Cli) -> None:
    folder = draw(Path(os.fsdecode(b"photos\xe9")), {"a": 5, "b": 5})
    code, said = cli("new", "images", "--path", folder)
    assert code == 2
    assert "the path has bytes that are not UTF-8" in said


def test_the_home_folder_has_a_short_name(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cli("new", "digits", "--out", "~/mine.toml")[0] == 0
    assert (tmp_path / "home" / "mine.toml").exists()


def test_the_work_is_that_of_the_network(tmp_path: Path) -> None:
    estimate = Estimate.of(load("images"), draw(tmp_path / "photos", {"a": 50, "b": 50}, sizes=[(32, 32)]))
    assert estimate.size == (32, 32)
    assert estimate.work == 6 * 38_633_728 * 72 * 300


def test_a_file_that_is_there_is_left_unless_one_asks(cli: Cli) -> None:
    draw(Path("photos"), {"a": 5, "b": 5})
    Path("mine.toml").write_text("precious")
    code, said = cli("new", "images", "--path", "photos")
    assert code == 2
    assert "mine.toml exists already; name another file with --out, or replace it with --force" in said
    assert Path("mine.toml").read_text() == "precious"
    for name in ("--force", "--overwrite"):
        assert cli("new", "images", "--path", "photos", name)[0] == 0
    assert load("mine.toml").name == "mine"


def test_a_study_is_not_put_among_the_pictures(cli: Cli) -> None:
    draw(Path("photos"), {"a": 5, "b": 5})
    code, _ = cli("new", "images", "--path", "photos", "--out", "photos/mine.toml")
    assert code == 2
    assert not Path("photos/mine.toml").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["images"], "name the folder of your pictures, as in `backhand new images --path PHOTOS`"),
        (["images", "--path", "nowhere"], "nowhere does not exist"),
        (["image", "--path", "photos"], 'did you mean "images"?'),
        (["images", "--path", "photos/a"], "holds no .jpg"),
        (["digits", "--path", "photos"], "digits is built in and not read from a file; leave out --path"),
        (["r3-faces", "--path", "photos"], "r3-faces is a series of runs and has no data of its own"),
    ],
)
def test_mistakes_are_said_and_leave_nothing(cli: Cli, arguments: list[str], sentence: str) -> None:
    (Path("photos") / "a").mkdir(parents=True)
    code, said = cli("new", *arguments)
    assert code == 2
    assert sentence in said
    assert not Path("mine.toml").exists()


def test_one_class_is_no_question(cli: Cli) -> None:
    draw(Path("photos"), {"alone": 5})
    code, said = cli("new", "images", "--path", "photos")
    assert code == 2
    assert 'photos has the one class "alone"' in said


@pytest.mark.parametrize("name", sorted({*shipped(), *shipped_series()} - {"images"}))
def test_every_study_that_ships_can_be_copied(cli: Cli, name: str) -> None:
    assert cli("new", name, "--out", "my copy (2).toml")[0] == 0
    copy = Path("my copy (2).toml")
    assert 'name = "my-copy-2-"' in copy.read_text("utf-8")
    if not is_series(copy):
        assert load(copy).model_copy(update={"name": name}) == load(name)


def test_a_copy_takes_a_path(cli: Cli) -> None:
    Path("data").mkdir()
    assert cli("new", "mnist-mlp", "--path", 'data/"odd" name', "--out", "sub/mine.toml")[0] == 0
    assert load("sub/mine.toml").data.path == Path('data/"odd" name').resolve()
