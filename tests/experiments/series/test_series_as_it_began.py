"""A series goes on as it began, its page says what was changed of it, and quiet runs print nothing."""

import re

import pytest

from backhand.errors import StudyError
from backhand.experiments.series import work
from backhand.study import load, load_series, to_toml
from tests.experiments.series.twomodels import TEXT


@pytest.mark.parametrize(
    ("changes", "seed", "message"),
    [
        (["train.epochs=3"], None, "its train.epochs is 1, and 3 is asked for"),
        (["train.epochs=auto"], None, "its train.epochs is 1, and 'auto' is asked for"),
        (["train.label_smoothing=0.5"], None, "its train.label_smoothing is 0.1, and 0.5 is asked for"),
        ([], 3, "its seed is 0, and 3 is asked for"),
    ],
)
def test_a_series_goes_on_as_it_began(file, tmp_path, changes, seed, message):
    """Another one is refused before anything is trained, and leaves the folder as it was."""
    path = tmp_path / "run"
    work.run(load_series(str(file), ["train.epochs=1"]), path, quiet=True)
    next(path.glob("table/000-*.json")).unlink()
    before = {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}
    with pytest.raises(StudyError, match=re.escape(message)):
        work.run(load_series(path / "series.toml", changes, seed), path, resume=True, quiet=True)
    assert {file: file.read_bytes() for file in path.rglob("*") if file.is_file()} == before
    work.run(load_series(path / "series.toml"), path, resume=True, quiet=True)
    assert {
        result.settings["train.epochs"] for result in work.results(load_series(path / "series.toml"), path)["table"]
    } == {1}


def test_a_result_of_other_epochs_is_refused(file, tmp_path):
    """As after an edit of the study of a part."""
    (tmp_path / "changed.toml").write_text(to_toml(load("digits", ["data.train_size=100", "train.epochs=1"])))
    text = TEXT.replace('"digits"', '"changed.toml"').replace('"train.epochs" = 2', "").replace("seeds = 2", "")
    file.write_text(text)
    work.run(load_series(str(file)), tmp_path / "run", quiet=True)
    (tmp_path / "changed.toml").write_text(to_toml(load("digits", ["data.train_size=100", "train.epochs=2"])))
    with pytest.raises(StudyError, match=r"its train\.epochs is 1, and 2 is asked for"):
        work.run(load_series(str(file)), tmp_path / "run", resume=True, quiet=True)


def test_what_the_parts_have_already_is_no_change(file):
    assert load_series(str(file), ["train.epochs=2", "data.train_size=200"], seed=0).changes == {}
    series = load_series(str(file), ["train.epochs=3", "seed=4"])
    assert (series.seed, series.changes) == (4, {"train.epochs": 3, "seed": 4})
    assert load_series(str(file), seed=4) == load_series(str(file), ["seed=4"])


def test_another_seed_is_said_and_its_claims_are_judged(file, tmp_path, cli):
    file.write_text(TEXT.replace("seeds = 2", "").replace("[0.01, 0.1]", "[0.01]"))
    status, output = cli("run", file, "--out", tmp_path / "run", "--seed", 4)
    assert (status, "missed" in output) == (0, True)
    text = (tmp_path / "run" / "report.md").read_text()
    assert text.splitlines()[2].endswith("changed: seed = 4")
    assert "not judged" not in text


def test_quiet_is_quiet(file, tmp_path, capfd):
    """A whole run, and a whole search with its workers."""
    search = '[search]\nmethod = "random"\ntrials = 1\nseeds = 1\nworkers = 2\nspace = { "train.l2" = [0.0, 1.0] }\n'
    (tmp_path / "changed.toml").write_text(to_toml(load("digits", ["data.train_size=100", "train.epochs=1"])) + search)
    text = TEXT.replace("seeds = 2", "whole = true").replace("[0.01, 0.1]", "[0.1]").partition("[[parts.claims]]")[0]
    searched = re.sub(r"(?s)\[parts.set\].*", "", text).replace('"digits"', '"changed.toml"').partition("[[parts]]")[2]
    file.write_text(f"{text}\n[[parts]]{searched.replace('table', 'searched')}")
    work.run(load_series(str(file)), tmp_path / "run", quiet=True)
    assert capfd.readouterr().out == ""
