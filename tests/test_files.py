"""Whole files or none: replacing, refusing, and a disk that fills up."""

import errno
import os
from pathlib import Path

import pytest

from backhand.errors import BackhandError
from backhand.files import atomic, sweep, write_atomic


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


def test_what_killed_processes_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    kept = [tmp_path / "a.txt", tmp_path / "notes.tmp", tmp_path / "sub" / ".hidden"]
    for path in [*kept, tmp_path / ".a.txt.123.tmp", tmp_path / "sub" / ".b.456.tmp"]:
        path.write_text("x")
    sweep(tmp_path)
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(kept)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda folder: folder / "absent" / "a.txt", "No such file or directory"),
        (lambda folder: folder / "file" / "a.txt", "Not a directory"),
        (lambda folder: folder / "folder", "Is a directory"),
        (lambda folder: folder / ("a" * 250), "File name too long"),
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
