"""A folder as an archive: equal bytes for equal files, checked on its way, and nothing that leads out of the folder."""

import hashlib
import io
import os
import tarfile
from dataclasses import replace

import pytest

from backhand.errors import BackhandError
from backhand.experiments.cluster.archive import Archive

FILES = {"metrics.json": b"{}", "best.safetensors": bytes(range(256)) * 40, "plots/loss.png": b"\x89PNG", "empty": b""}


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path / "run", FILES)


def write(folder, files):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def content(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_comes_out_as_it_went_in(folder, tmp_path):
    Archive.of(folder).unpack(tmp_path / "there")
    assert content(tmp_path / "there") == FILES


def test_equal_files_are_equal_bytes_whenever_they_were_written(folder, tmp_path):
    other = write(tmp_path / "other", dict(reversed(FILES.items())))
    os.utime(other / "empty", (1, 1))
    (other / "empty").chmod(0o600)
    assert Archive.of(other) == Archive.of(folder)


def test_locks_temporary_files_and_links_stay_behind(folder, tmp_path):
    before = Archive.of(folder)
    write(folder, {".backhand.lock": b"", ".metrics.json.12.tmp": b"{", ".hidden/file": b""})
    (folder / "link").symlink_to(folder / "metrics.json")
    assert Archive.of(folder) == before


def test_a_folder_that_is_missing_or_empty_is_none(tmp_path):
    assert Archive.of(tmp_path / "missing") is None
    assert Archive.of(tmp_path) is None


def test_a_single_file(folder, tmp_path):
    archive = Archive.of(folder / "metrics.json")
    assert archive.is_file
    archive.unpack(tmp_path / "there")
    assert content(tmp_path / "there") == {"metrics.json": b"{}"}


def test_the_folder_is_replaced_as_a_whole(folder, tmp_path):
    there = write(tmp_path / "there", {"old": b"old", "metrics.json": b"old"})
    write(tmp_path / ".there.new", {"left": b"by a process that was killed"})
    Archive.of(folder).unpack(there)
    assert content(there) == FILES
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run", "there"]


@pytest.mark.parametrize("position", [0, 600, -1])
def test_a_flipped_byte_is_refused(position, folder, tmp_path):
    there = write(tmp_path / "there", {"old": b"old"})
    archive = Archive.of(folder)
    damaged = bytearray(archive.content)
    damaged[position] ^= 1
    with pytest.raises(BackhandError, match=r"the archive of \S+there was damaged on its way"):
        replace(archive, content=bytes(damaged)).unpack(there)
    assert content(there) == {"old": b"old"}
    assert not (tmp_path / ".there.new").exists()


def packed(*entries):
    """An archive of entries, each a name and the changes of its header, whose checksum is right."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, changes in entries:
            entry = tarfile.TarInfo(name)
            for key, value in changes.items():
                setattr(entry, key, value)
            archive.addfile(entry)
    return Archive(buffer.getvalue(), hashlib.sha256(buffer.getvalue()).hexdigest())


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("../outside", {}),
        ("plots/../../outside", {}),
        ("/outside", {}),
        ("C:/outside", {}),
        ("..\\outside", {}),
        (".backhand.lock", {}),
        ("link", {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}),
        ("link", {"type": tarfile.LNKTYPE, "linkname": "../outside"}),
        ("device", {"type": tarfile.CHRTYPE}),
        ("folder", {"type": tarfile.DIRTYPE}),
    ],
)
def test_what_no_folder_holds_is_refused(name, changes, tmp_path):
    (tmp_path / "in").mkdir()
    with pytest.raises(BackhandError, match="which no run has"):
        packed(("metrics.json", {}), (name, changes)).unpack(tmp_path / "in" / "there")
    assert list(tmp_path.rglob("*")) == [tmp_path / "in"]


def test_one_name_twice_is_refused(tmp_path):
    with pytest.raises(BackhandError, match="which no run has"):
        packed(("metrics.json", {}), ("Metrics.json", {})).unpack(tmp_path / "there")


def test_what_is_no_archive_is_refused(tmp_path):
    content = b"no archive" * 100
    with pytest.raises(BackhandError, match="cannot be read"):
        Archive(content, hashlib.sha256(content).hexdigest()).unpack(tmp_path / "there")
    assert list(tmp_path.iterdir()) == []
