"""Whole files or none: replacing, refusing, and a disk that fills up."""

import errno
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from backhand.errors import BackhandError
from backhand.files.atomic import atomic, write_atomic, write_outputs
from backhand.files.refusals import refuse_unwritable
from tests.permissions import as_a_person

POSIX = pytest.mark.skipif(os.name != "posix", reason="pipes, devices, modes and links are those of POSIX systems")


@pytest.fixture
def persons_folder() -> Iterator[Path]:
    """A folder of somebody to whom permissions apply, and this process as that person."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        with as_a_person():
            yield Path(folder)


def test_text_and_bytes_replace_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_atomic(path, "ä\n")
    assert path.read_bytes() == b"\xc3\xa4\n"
    write_atomic(path, b"\x00\xff")
    assert path.read_bytes() == b"\x00\xff"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("broken", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    path = tmp_path / "a.txt"
    write_atomic(path, "old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(*((os, "fsync", full) if broken == "fsync" else (Path, "replace", full)))
    with pytest.raises(BackhandError, match=r"cannot write .*a\.txt: No space left on device; .* is unchanged$"):
        write_atomic(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_content_is_on_disk_before_it_gets_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, order = tmp_path / "a.txt", []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda handle: order.append("sync") or fsync(handle))
    monkeypatch.setattr(Path, "replace", lambda own, target: order.append("rename") or replace(own, target))
    write_atomic(path, "new")
    assert order == ["sync", "rename", "sync"]  # the file, its name, the folder


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_a_writer_that_breaks_off_leaves_the_old_file_and_no_other(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "a.txt"
    write_atomic(path, "old")

    def write_half() -> None:
        with atomic(path) as file:
            file.write(b"ne")
            raise error

    with pytest.raises(error):
        write_half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_two_that_write_one_file_at_once_do_not_mix(tmp_path: Path) -> None:
    """Threads, or processes in containers that have the same number."""
    path = tmp_path / "a.txt"
    with atomic(path) as first, atomic(path) as second:
        first.write(b"1" * 10)
        second.write(b"2" * 5)
    assert path.read_bytes() == b"1" * 10  # the last to end
    assert list(tmp_path.iterdir()) == [path]


@POSIX
def test_a_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    target, link, above = tmp_path / "elsewhere" / "a.txt", tmp_path / "link", tmp_path / "link to the link"
    target.parent.mkdir()
    link.symlink_to("elsewhere/a.txt")
    above.symlink_to(link)
    write_atomic(above, "to a file that was not there")
    assert target.read_text() == "to a file that was not there"
    write_atomic(link, "new")
    assert target.read_text() == "new"
    assert link.is_symlink()
    assert above.is_symlink()
    assert list(target.parent.iterdir()) == [target]


@POSIX
def test_links_in_a_ring_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(BackhandError, match=r"cannot write .*/a: Too many levels of symbolic links"):
        write_atomic(tmp_path / "a", "new")
    assert (tmp_path / "a").is_symlink()


@POSIX
def test_a_pipe_is_written_through(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE)
    write_atomic(pipe, b"whole")
    assert reader.communicate(timeout=30)[0] == b"whole"
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]


@POSIX
def test_into_a_pipe_goes_nothing_of_what_breaks_off(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    def write_half() -> None:
        with atomic(pipe) as file:
            file.write(b"ha")
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 (its own)
        write_half()  # it would wait for ever for a reader, had it opened the pipe
    assert pipe.is_fifo()


@POSIX
@pytest.mark.parametrize(
    ("device", "said"), [("null", ""), ("full", "cannot write /dev/full: No space left on device")]
)
def test_a_device_is_written_through(device: str, said: str) -> None:
    path = Path("/dev") / device
    if not path.is_char_device():
        pytest.skip(f"this system has no {path}")
    caught = ""
    try:
        write_atomic(path, "x")
    except BackhandError as error:
        caught = str(error)
    assert caught == said
    assert path.is_char_device()


@POSIX
@pytest.mark.parametrize("to", ["a pipe", "a file"])
def test_standard_output_by_its_path_is_written_in_its_turn(tmp_path: Path, to: str) -> None:
    """`--out /dev/stdout > a.png`: what is printed afterwards follows, and overwrites nothing."""
    script = (
        "from pathlib import Path; from backhand.files.atomic import write_atomic\n"
        "print('before', flush=True); write_atomic(Path('/dev/stdout'), 'content\\n'); print('after')"
    )
    with (tmp_path / "out").open("wb") as file:
        stdout = subprocess.PIPE if to == "a pipe" else file
        done = subprocess.run([sys.executable, "-c", script], stdout=stdout, check=True)
    assert (done.stdout or (tmp_path / "out").read_bytes()) == b"before\ncontent\nafter\n"


@POSIX
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o755])
def test_a_file_that_is_replaced_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    path.chmod(mode)
    write_atomic(path, "new")
    assert path.stat().st_mode & 0o777 == mode


@POSIX
@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_a_new_file_has_the_mode_of_every_new_file(tmp_path: Path, umask: int) -> None:
    old = os.umask(umask)
    try:
        write_atomic(tmp_path / "a.txt", "new")
    finally:
        os.umask(old)
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o666 & ~umask


def test_a_copy_made_by_a_hard_link_keeps_what_it_had(tmp_path: Path) -> None:
    path, copy = tmp_path / "a.txt", tmp_path / "copy"
    path.write_text("old")
    copy.hardlink_to(path)
    write_atomic(path, "new")
    assert (path.read_text(), copy.read_text()) == ("new", "old")


@POSIX
def test_a_file_that_its_owner_protects_is_not_replaced(persons_folder: Path) -> None:
    path = persons_folder / "a.txt"
    path.write_text("old")
    path.chmod(0o444)
    with pytest.raises(BackhandError, match=r"cannot write .*: Permission denied; what was there before is unchanged"):
        write_atomic(path, "new")
    with pytest.raises(BackhandError, match="Permission denied; name another file"):
        refuse_unwritable(path)
    assert path.read_text() == "old"
    assert list(persons_folder.iterdir()) == [path]


@POSIX
def test_a_folder_that_may_be_written_but_not_read_is_enough(persons_folder: Path) -> None:
    (persons_folder / "drop").mkdir()
    (persons_folder / "drop").chmod(0o333)
    write_atomic(persons_folder / "drop" / "a.txt", "new")
    (persons_folder / "drop").chmod(0o777)
    assert (persons_folder / "drop" / "a.txt").read_text() == "new"


@POSIX
@pytest.mark.parametrize("name", ["a" * 250, "ä" * 127, "new\nline", " "], ids=["long", "letters", "newline", "space"])
def test_every_name_that_a_file_can_have_can_be_written(tmp_path: Path, name: str) -> None:
    write_atomic(tmp_path / name, "new")
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "new"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda folder: folder / "absent" / "a.txt", "No such file or directory"),
        (lambda folder: folder / "file" / "a.txt", "Not a directory"),
        (lambda folder: folder / "folder", "Is a directory"),
        (lambda folder: folder / ("a" * 256), "File name too long"),
    ],
    ids=["no folder", "a file as folder", "a folder as file", "a long name"],
)
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, make, reason: str) -> None:
    (tmp_path / "file").write_text("kept")
    (tmp_path / "folder").mkdir()
    with pytest.raises(BackhandError, match=f"^cannot write .*: {reason}; what was there before is unchanged$"):
        write_atomic(make(tmp_path), "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]
    assert (tmp_path / "file").read_text() == "kept"


@pytest.mark.parametrize("last", [1, 2, 3])
def test_files_that_belong_together_are_all_new_or_all_old(tmp_path, monkeypatch, last):
    paths = [tmp_path / "a.txt", tmp_path / "new" / "folder" / "b.txt", tmp_path / "c.txt"]
    paths[2].write_text("old")
    full, fsync = [], os.fsync

    def fill_up(file):
        full.append(file)
        if len(full) == last:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(file)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fill_up)
        with pytest.raises(BackhandError, match=f"cannot write .*{paths[last - 1].name}: No space left on device"):
            write_outputs(dict.fromkeys(paths, "new"))
    assert [path.name for path in tmp_path.iterdir()] == ["c.txt"]
    assert paths[2].read_text() == "old"
    write_outputs(dict.fromkeys(paths, "new"))
    assert [path.read_text() for path in paths] == ["new"] * 3
