"""An experiment's folder: what is accepted, who has it, what is left after a refusal, and default names."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from backhand.errors import BackhandError, CheckpointError
from backhand.experiments.comparison import KIND as COMPARISON
from backhand.experiments.folders import OccupiedError, experiment_folder
from backhand.experiments.kind import Kind
from backhand.experiments.kinds import KINDS, kind_of
from backhand.experiments.run import KIND as RUN
from backhand.experiments.workspace import LOCK, Workspace


def taken(folder: Path, kind: Kind, *, resume: bool | None = None, data: tuple = ()):
    return Workspace.open(folder, kind, resume=resume, data=data)


def content(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


@pytest.mark.parametrize("name", [".DS_Store", ".gitkeep", "lost+found", "Thumbs.db", "desktop.ini"])
def test_a_folder_with_nothing_of_a_person_is_accepted_and_stays(tmp_path, name):
    (tmp_path / name).write_text("the system's")
    with taken(tmp_path, RUN, resume=False):
        assert content(tmp_path) == {name, LOCK}
    assert content(tmp_path) == {name}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("name", ["notes.txt", "photographs/"])
def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path, kind, name):
    (tmp_path / name).mkdir() if name.endswith("/") else (tmp_path / name).write_text("mine")
    before = content(tmp_path)
    for resume in (False, None):
        with (
            pytest.raises(OccupiedError, match=f"holds other files, such as {name.rstrip('/')}; choose an"),
            taken(tmp_path, kind, resume=resume),
        ):
            pass
    assert content(tmp_path) == before


@pytest.mark.parametrize("own", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_kind_goes_on_in_folders_of_its_own_alone(tmp_path, own, kind):
    (tmp_path / own.mark).write_text("")
    assert kind_of(tmp_path) is own
    with pytest.raises(OccupiedError, match=f"already holds {own.name}; "), taken(tmp_path, kind, resume=False):
        pass
    for resume, refusal in ((True, CheckpointError), (None, OccupiedError)):
        if own is kind:
            with taken(tmp_path, kind, resume=resume):
                assert (tmp_path / LOCK).exists()
        else:
            with pytest.raises(refusal, match=f"{own.name}"), taken(tmp_path, kind, resume=resume):
                pass
    assert content(tmp_path) == {own.mark}


@pytest.mark.parametrize("where", ["file", "file/run", "file/run/deeper"])
def test_a_file_is_no_folder(tmp_path, where):
    (tmp_path / "file").write_text("mine")
    with (
        pytest.raises(OccupiedError, match="is a file, or its path leads through one; choose"),
        taken(tmp_path / where, RUN, resume=False),
    ):
        pass
    assert (tmp_path / "file").read_text() == "mine"


def test_after_a_refusal_nothing_is_left_of_what_was_made(tmp_path):
    (tmp_path / "kept").mkdir()
    for folder in "kept", "kept/new", "new/er/run":
        with pytest.raises(ZeroDivisionError), taken(tmp_path / folder, RUN, resume=False):
            raise ZeroDivisionError
    assert content(tmp_path) == {"kept"}


def test_what_was_put_into_it_stays_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), taken(tmp_path / "run", RUN, resume=False):
        raise ZeroDivisionError((tmp_path / "run" / "history.jsonl").write_text(""))
    assert content(tmp_path) == {"run", "run/history.jsonl"}


@pytest.mark.parametrize("left", [("environment.json",), ("environment.json", "study.toml", "metrics.json")])
def test_what_was_killed_before_its_first_result_does_not_block_the_folder(tmp_path, left):
    for name in left:
        (tmp_path / name).write_text("name = 'x'")
    with taken(tmp_path, RUN, resume=False):
        pass


@pytest.mark.parametrize(
    ("left", "status"),
    [
        (("study.toml",), ""),
        (("environment.json", "study.toml", "history.jsonl"), ""),
        (("environment.json", "study.toml", "metrics.json"), "diverged"),
    ],
)
def test_a_study_of_ones_own_and_a_run_with_a_result_are_not_begun_over(tmp_path, left, status):
    for name in left:
        (tmp_path / name).write_text("name = 'x'" if name == "study.toml" else f'{{"status": "{status}"}}')
    sentence = (
        f"already holds a run of the study x; go on with it by `backhand run --resume {tmp_path}`, or choose another"
    )
    with pytest.raises(OccupiedError, match=sentence), taken(tmp_path, RUN, resume=False):
        pass


def test_there_is_nothing_to_resume_where_there_is_no_run(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    for folder in tmp_path, tmp_path / "absent":
        with (
            pytest.raises(CheckpointError, match=r"is not the folder of a run: it has no study\.toml"),
            taken(folder, RUN, resume=True),
        ):
            pass
    assert content(tmp_path) == {"notes.txt"}


HOLD = """
import sys
from pathlib import Path
from backhand.experiments.run import KIND
from backhand.experiments.workspace import Workspace
with Workspace.open(Path(sys.argv[1]), KIND, resume=True):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_one_process_at_a_time_and_a_killed_one_lets_go(tmp_path):
    (tmp_path / "study.toml").write_text("")
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b"held\n"
        with (
            pytest.raises(OccupiedError, match="is being trained by another process; wait until it ends"),
            taken(tmp_path, RUN, resume=True),
        ):
            pass
        assert (tmp_path / LOCK).exists()
    finally:
        process.kill()
        process.communicate()
    with taken(tmp_path, RUN, resume=True):
        pass
    assert content(tmp_path) == {"study.toml"}


def test_of_many_that_begin_at_once_one_has_the_folder(tmp_path):
    def begin(_: int) -> bool:
        try:
            with taken(tmp_path / "run", COMPARISON):
                (tmp_path / "run" / "compare.json").write_text("")
                inside.append(1)
                assert len(inside) == 1
                inside.pop()
        except OccupiedError:
            return False
        return True

    inside: list[int] = []
    with ThreadPoolExecutor(8) as pool:
        assert any(pool.map(begin, range(40)))
    assert content(tmp_path) == {"run", "run/compare.json"}


def test_without_locks_it_works_and_sweeps_nothing(tmp_path, monkeypatch):
    """As on some network disks."""

    def unsupported(*_: object, **__: object) -> bool:
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.flock", unsupported)
    (tmp_path / "study.toml").write_text("")
    (tmp_path / ".metrics.json.1.tmp").write_text("perhaps of a live process")
    with taken(tmp_path, RUN, resume=True):
        pass
    assert {"study.toml", ".metrics.json.1.tmp"} <= content(tmp_path)


def test_only_temporary_files_of_the_folders_own_names_are_swept(tmp_path):
    mine = {".notes.txt.1.tmp", ".vim.tmp", "below/.metrics.json.1.tmp", "draft.tmp", ".study.toml.tmp", "study.toml"}
    (tmp_path / "below").mkdir()
    for name in [*mine, ".metrics.json.7.tmp", ".state.safetensors.new.8.tmp", ".environment.json.9-2.tmp"]:
        (tmp_path / name).write_text("")
    with taken(tmp_path, RUN, resume=True):
        pass
    assert content(tmp_path) == {*mine, "below"}


@pytest.mark.parametrize("place", ["pictures", "pictures/cat", "pictures/run", "link/run", "pictures/../pictures/run"])
def test_a_folder_among_the_data_is_refused(tmp_path, place):
    (tmp_path / "pictures" / "cat").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "pictures")
    before = content(tmp_path)
    with (
        pytest.raises(BackhandError, match=r"lies inside .*, which holds the data to be read|holds other files"),
        taken(tmp_path / place, RUN, resume=False, data=[None, tmp_path / "pictures"]),
    ):
        pass
    assert content(tmp_path) == before
    with taken(tmp_path / "pictures of runs", RUN, resume=False, data=[tmp_path / "pictures"]):
        pass


def test_a_link_to_a_folder_that_is_not_there_yet_is_followed(tmp_path):
    (tmp_path / "link").symlink_to("elsewhere/run")
    with taken(tmp_path / "link", RUN, resume=False):
        (tmp_path / "link" / "study.toml").write_text("")
    assert content(tmp_path) == {"link", "elsewhere", "elsewhere/run", "elsewhere/run/study.toml"}


def test_default_folders_never_collide(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with ExitStack() as stack, ThreadPoolExecutor(8) as pool:
        folders = [*pool.map(lambda _: stack.enter_context(experiment_folder(None, "digits")), range(30))]
        assert len(set(folders)) == 30
        assert all(folder.is_dir() for folder in folders)
        assert min(folder.name for folder in folders).startswith("digits-20")
        (folders[7] / "study.toml").write_text("")
    assert content(tmp_path) == {"runs", str(folders[7]), str(folders[7] / "study.toml")}


def test_default_folders_that_nothing_was_put_into_leave_no_trace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ZeroDivisionError), experiment_folder(None, "digits"):
        raise ZeroDivisionError
    assert content(tmp_path) == set()
    with experiment_folder(Path("mine"), "digits") as folder:
        assert folder == Path("mine")
    assert content(tmp_path) == set()
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(BackhandError, match="cannot make the folder runs"), experiment_folder(None, "digits"):
        pass


def test_a_run_that_is_refused_prints_one_sentence_and_leaves_nothing(tmp_path, cli):
    (tmp_path / "junk").mkdir()
    (tmp_path / "junk" / "notes.txt").write_text("mine")
    status, output = cli("run", "digits", "--out", tmp_path / "junk")
    said = f"error: {tmp_path / 'junk'} holds other files, such as notes.txt; choose an empty folder, or a new one"
    assert (status, output) == (2, said)
    status, output = cli("run", "mnist-mlp", "--data-dir", tmp_path / "nowhere", "--out", tmp_path / "new" / "run")
    assert (status, output.startswith("error: mnist was not found")) == (2, True)
    assert content(tmp_path) == {"junk", "junk/notes.txt"}


def test_a_whole_run_in_the_folder_where_it_is_started(tmp_path, cli, monkeypatch):
    """`--out .`, behind a link, resumed from elsewhere after a move; the sweep knows every file that it wrote."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    monkeypatch.chdir(tmp_path / "link")
    small = ("--set", "train.epochs=1", "--set", "data.train_size=100", "--set", "model.hidden=[4]")
    assert cli("run", "digits", "--out", ".", *small, "--set", "train.keep_states=true")[0] == 0
    monkeypatch.chdir(tmp_path)
    Path("real").rename("moved")
    status, output = cli("run", "--resume", "moved/", "--set", "train.epochs=2")
    assert (status, "resumed after epoch 1" in output) == (0, True), output
    assert json.loads((tmp_path / "moved" / "metrics.json").read_text())["training"]["epochs"] == 2
    files = {path.name for path in (tmp_path / "moved").iterdir() if path.is_file()}
    assert files - {"state.previous.safetensors"} <= RUN.files
