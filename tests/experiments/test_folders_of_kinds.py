"""Every kind of experiment from its command line: its folder, by default and by name, and what it keeps there."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from backhand import data
from backhand.experiments import comparison, ensemble, extension, questions, run, search, series
from backhand.experiments.kinds import kind_of
from backhand.experiments.workspace import LOCK
from tests.experiments import studytexts
from tests.permissions import as_a_person

SMALL = ("--set", "train.epochs=1", "--set", "data.train_size=100", "--set", "model.hidden=[4]")
SEARCH = """
method = "grid"
seeds = 1
space = { "train.l2" = [0.0, 1e-3] }
"""
SERIES = """
study = "digits"
seeds = 1
set = { "train.epochs" = 1, "data.train_size" = 100 }
axes = [{ name = "rate", key = "train.optimizer.lr", values = [0.01, 0.1] }]
"""
QUESTION_OPTIONS = ("--set", "train.epochs=1", "--set", 'search.space={"model.hidden"=[[16]],"model.dropout"=[0.5]}')


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """Where the studies lie, a run to extend, and a second one to average with it."""
    folder = tmp_path_factory.mktemp("place")
    (folder / "search.toml").write_text(studytexts.searched(SEARCH))
    (folder / "series.toml").write_text(studytexts.series(SERIES))
    classes = ("--set", 'data.classes=["0", "1", "2"]')
    command = [sys.executable, "-m", "backhand", "run", "digits", *SMALL, *classes, "--out", "first"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    shutil.copytree(folder / "first", folder / "second")
    return folder


COMMANDS = {
    "run": (("run", "digits", *SMALL), "digits-2", run.KIND),
    "search": (("run", "search.toml"), "small-2", search.KIND),
    "series": (("run", "series.toml"), "few-2", series.KIND),
    "compare": (
        ("compare", "digits", "--folds", "2", "--train-size", "300", "--against", "tree"),
        "compare-",
        comparison.KIND,
    ),
    "extend": (
        ("extend", "first", "--data", "digits", "--classes", "3", "--without-old", "--no-afresh"),
        "extend-",
        extension.KIND,
    ),
    "ensemble": (("ensemble", "first", "second"), "ensemble-", ensemble.KIND),
    "ask": (("ask", "dropout", *QUESTION_OPTIONS), "ask-dropout", questions.KIND),
}


@pytest.mark.parametrize("kind", COMMANDS)
def test_a_kind_takes_a_new_folder_says_which_and_knows_every_file_that_it_leaves_there(kind, place, cli, monkeypatch):
    monkeypatch.chdir(place)
    command, name, expected = COMMANDS[kind]
    status, output = cli(*command)
    assert status == 0, output
    (folder,) = [path for path in (place / "runs").iterdir() if path.name.startswith(name)]
    assert f"folder: {folder.relative_to(place)}" in output
    assert kind_of(folder) is expected
    files = {path.name for path in folder.iterdir() if path.is_file()}
    assert files - {"search.db", "state.previous.safetensors"} <= expected.files
    assert not [path for path in folder.rglob("*") if path.name.endswith(".tmp") or path.name == LOCK]


@pytest.mark.parametrize("kind", COMMANDS)
def test_a_kind_refuses_a_folder_with_other_files_before_it_reads_any_data(kind, place, cli, monkeypatch, tmp_path):
    monkeypatch.chdir(place)
    monkeypatch.setattr(data, "load", None)
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / ".notes.txt.7.tmp").write_text("mine")
    status, output = cli(*COMMANDS[kind][0], "--out", tmp_path)
    said = f"error: {tmp_path} holds other files, such as notes.txt; choose an empty folder, or a new one"
    assert (status, output) == (2, said)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".notes.txt.7.tmp", "notes.txt"]


@pytest.mark.parametrize("kind", COMMANDS)
def test_ctrl_c_before_anything_was_begun_leaves_nothing(kind, place, cli, monkeypatch, tmp_path):
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.chdir(place)
    monkeypatch.setattr("backhand.data.embedded.arrays", interrupted)
    status, output = cli(*COMMANDS[kind][0], "--out", tmp_path / "new" / "out")
    if kind == "ensemble":  # which reads no data set
        return
    if kind == "series":  # whose folder says what it is going to do before it reads any data
        assert (status, "interrupted; go on with: backhand run --resume" in output) == (130, True)
    else:
        assert (status, output) == (130, "interrupted; nothing was begun")
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["run", "compare"])
def test_two_that_start_in_one_second_both_end(kind, place, tmp_path):
    command = [sys.executable, "-c", AT_NOON, *COMMANDS[kind][0]]
    started = [subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    assert [(process.communicate()[1], process.returncode) for process in started] == [("", 0)] * 2
    first, second = sorted(path.name for path in (tmp_path / "runs").iterdir())
    assert (first[-16:], second) == ("-20260101-120000", f"{first}-2")
    assert all((tmp_path / "runs" / each / "report.html").exists() for each in (first, second))


AT_NOON = """
import datetime, sys
from backhand.experiments import folders
class Noon(datetime.datetime):
    @classmethod
    def now(cls, *_):
        return cls(2026, 1, 1, 12)
folders.datetime = Noon
from backhand.cli import main
main()
"""


def test_all_series_refuse_a_folder_with_other_files(cli, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    status, output = cli("run", "all", "--out", tmp_path)
    assert (status, f"error: {tmp_path} holds other files, such as notes.txt;" in output) == (2, True)


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX systems")
def test_a_finished_run_that_may_only_be_read_says_what_it_cannot(place, cli):
    with tempfile.TemporaryDirectory() as above:  # pytest's own are its user's alone
        run = Path(above) / "run"
        shutil.copytree(place / "first", run)
        commands = ("run", "--resume", run), ("report", run)
        assert [cli(*command)[0] for command in commands] == [0, 0]
        before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
        for path in (*run.rglob("*"), run, Path(above)):
            path.chmod(0o555 if path.is_dir() else 0o444)
        with as_a_person():
            resumed, reported = (cli(*command) for command in commands)
        assert resumed == (2, f"error: cannot write into the folder {run}: Permission denied; choose another")
        assert (reported[0], "Permission denied; what was there before is unchanged" in reported[1]) == (2, True)
        assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("command", [("data", "show", "digits"), ("lr-find", "digits", "--steps", "20")])
def test_a_picture_goes_where_it_is_sent(command, tmp_path, cli, monkeypatch):
    """Through a link, into a new folder; not over a folder, nor among the data."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link.png").symlink_to("target.png")
    for out in "link.png", "new/er/plot.png":
        assert cli(*command, "--out", out)[0] == 0
        assert (tmp_path / out).read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "link.png").is_symlink()
    monkeypatch.setattr(data, "load", None)
    status, output = cli(*command, "--out", "new")
    assert (status, output) == (2, "error: cannot write new: it is a folder; name a file in it")
    (tmp_path / "new" / "data.npz").write_bytes(b"mine")
    own = [*command]
    own[own.index("digits")] = "npz" if "show" in command else "digits"
    more = ["--path", "new/data.npz"] + ([] if "show" in command else ["--set", "data.name=npz"])
    status, output = cli(*own, *more, "--out", "new/data.npz")
    assert (status, "new/data.npz holds the data to be read; choose another --out" in output) == (2, True)
    assert (tmp_path / "new" / "data.npz").read_bytes() == b"mine"
