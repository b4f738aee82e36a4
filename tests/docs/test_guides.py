"""The guides tell the truth: code runs, commands parse, links lead somewhere, errors and floors are as told."""

import ast
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from shutil import copytree, rmtree
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import typer
from PIL import Image

from backhand import data
from backhand.cli.app import app
from backhand.errors import BackhandError
from backhand.experiments.run import work
from backhand.predictors.images import read_image
from backhand.study import load
from tests.docs.markdown_pages import GUIDES, PAGES, ROOT, blocks, prose, run_python


def commands() -> list[str]:
    shells = (block for page in PAGES for language in ("console", "sh") for block in blocks(page, language))
    lines = (line.removeprefix("$ ") for block in shells for line in block.splitlines())
    return sorted({line.partition("#")[0].strip() for line in lines if line.startswith("backhand ")})


@pytest.mark.parametrize("command", commands())
def test_every_command_has_the_arguments_that_the_program_takes(command: str) -> None:
    group, arguments = typer.main.get_command(app), shlex.split(command)[1:]
    while hasattr(group, "commands"):
        name, *arguments = arguments
        assert name in group.commands
        group = group.commands[name]
    group.make_context(name, arguments)  # parses, and runs nothing


def slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    text = prose(page)
    for target, anchor in re.findall(r"\]\((?!https?:|mailto:)([^)#\s]*)#?([^)\s]*)\)", text):
        goal = (page.parent / target) if target else page
        assert goal.exists(), f"no {target}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", prose(goal), re.MULTILINE)
            named = re.findall(r'^<a id="(.+)"></a>$', prose(goal), re.MULTILINE)
            assert anchor in {*map(slug, headings), *named}, f"no heading #{anchor} in {goal.name}"


def test_the_library_guide_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = GUIDES / "library.md"
    assert sum(isinstance(node, ast.Assert) for block in blocks(page, "python") for node in ast.walk(ast.parse(block)))
    assert run_python(page)["accuracy"] > 0.95


def test_the_readme_shows_a_mistake_and_what_is_said_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    run_python(ROOT / "README.md")
    said, (shown,) = capsys.readouterr().out, blocks(ROOT / "README.md", "text")
    place = (
        r"at \[\d\]: backward gives [-\d.]+, differences give [-\d.]+"  # all five are equally wrong: any may be named
    )
    assert re.sub(place, "", shown).split() == re.sub(place, "", said).split()


def stripe(rising: bool, rng: np.random.Generator) -> Image.Image:
    pixels = rng.integers(0, 60, (16, 16)).astype(np.uint8)
    np.fill_diagonal(pixels[::-1] if rising else pixels, 255)
    return Image.fromarray(pixels)


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two classes that differ in the direction of a stripe, in the present folder."""
    monkeypatch.chdir(tmp_path)
    cache = SimpleNamespace(cache_dir=lambda: tmp_path / "cache")  # kernels keep theirs, and stay compiled
    monkeypatch.setattr("backhand.data.cache.locations", cache)
    rng = np.random.default_rng(0)
    for label in ("left", "right"):
        folder = tmp_path / "pictures" / label
        folder.mkdir(parents=True)
        for i in range(30):
            stripe(label == "right", rng).save(folder / f"{i:03}.png")
    return tmp_path / "pictures"


def test_own_images_from_folder_to_prediction(
    pictures: Path, cli: Callable[..., tuple[int, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    page = GUIDES / "your-own-images.md"
    for i, file in enumerate(sorted(pictures.rglob("*.png"))):
        Image.open(file).resize((20 + i, 50 - i // 2), Image.Resampling.NEAREST).save(file)
    assert cli("new", "images", "--path", "pictures")[0] == 0
    (shown,) = blocks(page, "toml")
    written = Path("mine.toml").read_text("utf-8")
    lines = [" ".join(line.split()) for line in written.splitlines() if not line.startswith("#")]
    assert lines == [" ".join(line.split()).replace("size = 48", "size = 24") for line in shown.splitlines()]
    quick = ["train.epochs=12", "model.width=16", "data.augment.flip=false", "train.test_flips=false"]
    metrics = work.run(load("mine.toml", quick), Path("runs/mine"), quiet=True)
    assert metrics.test.accuracy > 0.8
    Path("new").mkdir()
    stripe(True, np.random.default_rng(1)).resize((24, 30)).save("new/one.jpg")
    run_python(page)
    assert "right" in capsys.readouterr().out


def damaged(folder: Path) -> None:
    file = folder / "left" / "000.png"
    file.write_bytes(file.read_bytes()[:60])


def one_class(folder: Path) -> None:
    (folder / "right").rename(folder.parent / "elsewhere")


def picture(mode: str, size: tuple[int, int], place: str) -> Any:
    def add(folder: Path) -> None:
        (folder / place).parent.mkdir(exist_ok=True)
        Image.new(mode, size).save(folder / place)

    return add


def a_gif_called_png(folder: Path) -> None:
    Image.new("L", (16, 16)).save(folder / "left" / "zz.png", "GIF")


def an_animation(folder: Path) -> None:
    frames = [Image.new("L", (16, 16), value) for value in (0, 255)]
    frames[0].save(folder / "left" / "zz.webp", save_all=True, append_images=frames[1:])


def two_names(folder: Path) -> None:
    for split in ("train", "val", "valid"):
        copytree(folder / "left", folder / split / "left")
        copytree(folder / "right", folder / split / "right")
    for label in ("left", "right"):
        rmtree(folder / label)


def empty_test(folder: Path) -> None:
    for label in ("left", "right"):
        copytree(folder / label, folder / "train" / label)
        rmtree(folder / label)
    (folder / "test").mkdir()


def other_case(folder: Path) -> None:
    copytree(folder / "left", folder / "test" / "Left")
    copytree(folder / "right", folder / "test" / "right")
    for label in ("left", "right"):
        (folder / "train").mkdir(exist_ok=True)
        (folder / label).rename(folder / "train" / label)


def only_tests(folder: Path) -> None:
    (folder / "test").mkdir()
    for label in ("left", "right"):
        (folder / label).rename(folder / "test" / label)
    (folder / "validation").mkdir()
    copytree(folder / "test", folder / "validation", dirs_exist_ok=True)


def tiny_class(folder: Path) -> None:
    picture("L", (16, 16), "third/000.png")(folder)


def predicted_at_another_size(folder: Path) -> None:
    read_image(folder / "left" / "000.png", (8, 8, 1))


MISTAKES = [
    (damaged, "is not an image (truncated PNG)"),
    (picture("RGBA", (16, 16), "left/zz.png"), "has transparent pixels"),
    (picture("I;16", (16, 16), "left/zz.png"), "has 16 bits per channel"),
    (picture("CMYK", (16, 16), "left/zz.jpg"), "has pixels of the kind CMYK"),
    (a_gif_called_png, "is a GIF file, which is not supported"),
    (an_animation, "is an animation of several pictures"),
    (picture("L", (20, 16), "left/zz.png"), "the pictures before it are 16 x 16; set data.resize"),
    (one_class, 'has the one class "left"'),
    (lambda folder: (folder / "empty").mkdir(), "the class folder empty holds no images"),
    (lambda folder: (folder / "left" / "zz.png").symlink_to("gone.png"), "is a link to"),
    (lambda folder: (folder / "left" / "all").symlink_to(".."), "is a link to a folder that contains it"),
    (picture("L", (16, 16), "left/deep/zz.png"), "is not at class/image, as the others are"),
    (two_names, "both name the"),
    (empty_test, "the folder test holds no images"),
    (other_case, "differ in case alone"),
    (lambda folder: (folder / "left").rename(folder / "le\x07ft"), "has a name that is not UTF-8"),
    (only_tests, "has no train folder beside"),
    (tiny_class, "too few to appear in the"),
    (lambda folder: data.load("images"), "images needs a path"),
    (lambda folder: data.load("images", path=Path("nowhere")), "does not exist; give the file or folder"),
    (predicted_at_another_size, "pass --resize to scale it"),
]


def make(mistake: Any, folder: Path) -> None:
    mistake(folder)
    data.load("images", path=folder)


@pytest.mark.parametrize(("mistake", "sentence"), MISTAKES, ids=[sentence for _, sentence in MISTAKES])
def test_the_errors_of_the_image_guide_are_those_that_come(pictures: Path, mistake: Any, sentence: str) -> None:
    assert f"`{sentence}" in (GUIDES / "your-own-images.md").read_text("utf-8")
    with pytest.raises(BackhandError, match=re.escape(sentence)):
        make(mistake, pictures)
