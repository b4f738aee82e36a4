"""`backhand extend`: its options, and one sentence for each mistake."""

import json
from shutil import copytree

import pytest

from backhand.errors import DivergenceError
from backhand.experiments import reports
from tests.experiments.extension.extensions import train

NEW = ("--data", "digits", "--classes", "8,9")


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    return train(tmp_path_factory.mktemp("first"), "train.epochs=1")


def test_from_the_command_to_the_report(first, tmp_path, cli):
    status, output = cli("extend", first, *NEW, "--without-old", "--no-afresh", "--no-tree", "--out", tmp_path / "out")
    assert status == 0, output
    assert "the head, layer 3, has grown: 8 -> 10 outputs, of which the first 8 are unchanged" in output
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        *("environment.json", "extend.json", "plots", "report.html", "report.md", "without-old", "without-old.toml")
    ]
    done = (tmp_path / "out" / "without-old" / "metrics.json").stat().st_mtime_ns
    assert cli("extend", "--resume", tmp_path / "out")[0] == 0
    assert (tmp_path / "out" / "without-old" / "metrics.json").stat().st_mtime_ns == done
    status, output = cli("extend", first, *NEW, "--out", tmp_path / "out")
    assert (status, "holds an extension; go on with it by `backhand extend --resume" in output) == (2, True)
    assert cli("report", tmp_path / "out")[0] == 0
    (tmp_path / "out" / "extend.json").write_text('{"title": 3, "run": "", "old": {}, "ways": {}}')
    status, output = cli("report", tmp_path / "out")
    assert (status, "extend.json at title" in output) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((*NEW[:2], "--classes", "7,8"), 'knows the class "7" of digits already; name the new ones alone, --classes 8'),
        ((*NEW[:2], "--classes", "1"), 'knows the class "1" of digits already; a new class needs another name'),
        ((*NEW[:2], "--classes", "8,x"), 'digits has no class "x"'),
        (("--data", "digit"), 'unknown data set "digit"; did you mean "digits"?'),
        (("--data", "blobs"), "samples of blobs have the shape (2,), and"),
        ((*NEW, "--freeze", "9"), 'there is no layer "9"; the layers are 0 to 3'),
        ((*NEW, "--lr", "-1"), "train.optimizer.lr: must be greater than 0"),
        ((), "name a run and its new data"),
    ],
)
def test_mistakes_are_one_sentence_and_leave_nothing(first, tmp_path, cli, arguments, sentence):
    status, output = cli("extend", first, *arguments, "--out", tmp_path / "out")
    assert status == 2
    assert sentence in output
    assert output.count("error:") == 1
    assert not (tmp_path / "out").exists()


def test_a_run_that_cannot_grow_is_refused(first, tmp_path, cli):
    assert "is not the folder of a run" in cli("extend", tmp_path, *NEW)[1]
    (tmp_path / "two").mkdir()
    binary = train(tmp_path / "two", 'data.classes=["0", "1"]', "train.loss=logistic", "train.epochs=1")
    status, output = cli("extend", binary, *NEW, "--out", tmp_path / "out")
    assert (status, "tells 2 classes apart and has no place for more" in output) == (2, True)
    half = copytree(first, tmp_path / "half")
    metrics = json.loads((half / "metrics.json").read_text())
    (half / "metrics.json").write_text(json.dumps(metrics | {"status": "running"}))
    assert "is not finished but running" in cli("extend", half, *NEW, "--out", tmp_path / "out")[1]
    (half / "metrics.json").write_text("{}")
    assert "has no metrics.json that can be read" in cli("extend", half, *NEW, "--out", tmp_path / "out")[1]
    metrics["data"]["sha256"] = "0"
    (half / "metrics.json").write_text(json.dumps(metrics))
    status, output = cli("extend", half, *NEW, "--out", tmp_path / "out")
    assert (status, "was trained on other data than is there now" in output) == (2, True)
    assert not (tmp_path / "out").exists()
    assert "is not the folder of an extension" in cli("extend", "--resume", tmp_path)[1]
    assert "give --resume FOLDER alone" in cli("extend", first, *NEW, "--resume", tmp_path)[1]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--epochs", 2), "--epochs"),
        (("--lr", 7, "--seed", 0), "--lr, --seed"),
        (("--without-old",), "--with-old/--without-old"),
        (("--no-afresh", "--no-tree"), "--afresh/--no-afresh, --tree/--no-tree"),
        (("--freeze", "0", "--classes", "8", "--resize"), "--classes, --resize, --freeze"),
    ],
)
def test_an_extension_that_goes_on_is_given_nothing_else(tmp_path, cli, options, named):
    status, output = cli("extend", "--resume", tmp_path / "ext", *options)
    assert (status, f"leave out {named} and give --resume FOLDER alone" in output) == (2, True), output
    assert (
        "has no extend.json"
        in cli("extend", "--resume", tmp_path / "ext", "--out", tmp_path / "ext", "--threads", 1)[1]
    )


def test_another_folder_than_that_of_the_extension_is_refused(tmp_path, cli):
    status, output = cli("extend", "--resume", tmp_path / "ext", "--out", "elsewhere")
    assert (status, "--out and --resume name different folders" in output) == (2, True)


def test_what_it_was_given_is_said_and_what_it_replaced_is_not(tmp_path, cli):
    run = train(tmp_path, "train.epochs=2", "train.l2=0.001", "seed=3")
    options = "--epochs", 1, "--lr", 0.2, "--with-old", "--no-tree", "--out", tmp_path / "ext"
    assert cli("extend", run, *NEW, *options)[0] == 0
    pages = {way: line_of(tmp_path / "ext" / way) for way in ("with-old", "afresh", ".")}
    assert pages["with-old"].endswith("changed: train.epochs = 1, train.l2 = 0.001, train.optimizer.lr = 0.2")
    assert pages["afresh"].endswith("changed: train.epochs = 1, train.l2 = 0.001")
    assert pages["."].endswith("changed: train.epochs = 1, train.l2 = 0.001, train.optimizer.lr = 0.2")


def test_a_run_that_diverged_is_named_as_such(tmp_path, cli):
    with pytest.raises(DivergenceError):
        train(tmp_path, "train.optimizer.lr=1e30", "train.epochs=1")
    status, output = cli("extend", tmp_path / "first", *NEW, "--out", tmp_path / "ext")
    assert (status, "holds the weights of a training that diverged, which are useless" in output) == (2, True)
    assert not (tmp_path / "ext").exists()


def line_of(folder):
    """The line under the title."""
    return reports.write(folder).with_suffix(".md").read_text().splitlines()[2]
