"""A folder that is not the one wanted: the sentence says what it is, and names the runs in it."""

import shutil

import pytest
from PIL import Image

SMALL = ("--set", "train.epochs=1", "--set", "data.train_size=200", "--set", "model.hidden=[8]")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    from backhand.experiments.run import work
    from backhand.study import load

    folder = tmp_path_factory.mktemp("one") / "run"
    work.run(load("digits", [each for each in SMALL if each != "--set"]), folder, quiet=True)
    return folder


@pytest.fixture
def several(run, tmp_path):
    """A folder with runs in it, as searches, series and extensions have them."""
    for place in ("best-seed-0", "best-seed-1", "part/000-seed-0"):
        shutil.copytree(run, tmp_path / "search" / place)
    shutil.copy(run / "study.toml", tmp_path / "search")
    return tmp_path / "search"


def inside(folder):
    return ", ".join(f"{folder}/{place}" for place in ("best-seed-0", "best-seed-1", "part/000-seed-0"))


@pytest.mark.parametrize(
    "words",
    [
        ("predict", "FOLDER", "a.png"),
        ("run", "digits", "--out", "out", "--init-from", "FOLDER"),
        ("extend", "FOLDER", "--data", "toy"),
    ],
    ids=lambda words: words[0],
)
def test_the_runs_of_a_search_are_named(words, several, cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, said = cli(*(several if word == "FOLDER" else word for word in words))
    assert status == 2
    assert f"{several} is not the folder of a single run; name one of the runs in it: {inside(several)}" in said


def test_many_runs_are_counted(run, several, cli):
    for i in range(2, 10):
        shutil.copytree(run, several / f"best-seed-{i}")
    assert cli("predict", several, "a.png")[1].endswith("best-seed-4 and 6 more")


def test_a_folder_of_runs_has_no_report_of_its_own(several, cli, tmp_path):
    (several / "study.toml").unlink()
    status, said = cli("report", several)
    assert (status, said) == (
        2,
        f"error: {several} is not the folder of an experiment; name those in it, such as {several}/best-seed-0",
    )
    (tmp_path / "empty").mkdir()
    assert cli("report", tmp_path / "empty") == (
        2,
        f"error: {tmp_path}/empty is not the folder of an experiment: it has no study.toml",
    )


def test_a_run_without_an_epoch_says_how_to_go_on(run, tmp_path, cli):
    (tmp_path / "a b").mkdir()
    shutil.copy(run / "study.toml", tmp_path / "a b")
    status, said = cli("predict", tmp_path / "a b", "a.png")
    onward = f"its training has not saved weights yet; resume it with `backhand run --resume '{tmp_path}/a b'`"
    assert (status, onward in said) == (2, True)


@pytest.mark.parametrize("words", [("extend", "NAME", "--data", "toy"), ("compare", "npz", "--path", "NAME")])
def test_a_name_that_is_no_text_is_refused(words, cli, tmp_path):
    name = tmp_path / "caf\udce9"
    status, said = cli(*(name if word == "NAME" else word for word in words))
    assert status == 2
    assert "the path has bytes that are not UTF-8, which a study cannot hold; rename the file" in said


def test_what_ships_is_named_without_its_folder(cli):
    assert cli("compare", "digits", "--set", "train.epochs=0")[1].startswith("error: perceptron: train.epochs: must be")
    assert cli("ask", "sigmoid", "--set", "train.epochs=0")[1].startswith("error: sigmoid: train.epochs: must be")


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("extend.json", "holds an extension; go on with it by `backhand extend --resume {}`"),
        ("compare.json", "holds a comparison; go on with it by `backhand compare --resume {}`"),
        ("question.json", "holds a question; go on with it by `backhand ask --resume {}`"),
    ],
)
def test_another_command_goes_on_with_it(file, said, cli, tmp_path):
    (tmp_path / file).touch()
    assert cli("run", "--resume", tmp_path) == (2, f"error: {tmp_path} {said.format(tmp_path)}")


def test_a_run_is_no_study(run, cli):
    status, said = cli("run", run)
    onward = f"{run} is the folder of a run; resume it with `backhand run --resume {run}`"
    assert (status, onward in said) == (2, True)


def test_a_folder_of_images_is_named_by_its_images(run, tmp_path, cli):
    (tmp_path / "new").mkdir()
    Image.new("L", (8, 10)).save(tmp_path / "new" / "a.png")
    status, said = cli("predict", run, tmp_path / "new")
    assert (status, said) == (2, f"error: {tmp_path}/new is a folder; name the images in it, as {tmp_path}/new/*.jpg")
    status, said = cli("predict", run, tmp_path / "new" / "a.png")
    assert (status, "is 10 x 8 pixels (height x width), and the model takes 8 x 8; pass --resize" in said) == (2, True)
