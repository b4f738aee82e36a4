"""Temporary files: those of killed processes are swept, and no others."""

import subprocess
import sys
from pathlib import Path

import pytest

from backhand.files.atomic import atomic
from backhand.files.temporary import sweep


@pytest.mark.parametrize("name", [".a.txt.123.tmp", ".a.txt.123-2.tmp"])
def test_what_killed_processes_left_is_swept_and_nothing_else(tmp_path: Path, name: str) -> None:
    (tmp_path / "sub").mkdir()
    kept = [".b.456.tmp", ".a.txt.tmp", ".a.txt.1x.tmp", ".hidden.tmp", "a.txt.1.tmp", "a.txt", "sub/.a.txt.1.tmp"]
    for each in [*kept, name]:
        (tmp_path / each).write_text("x")
    (tmp_path / ".a.txt.7.tmp").symlink_to(tmp_path / "a.txt")
    (tmp_path / ".a.txt.8.tmp").mkdir()
    sweep(tmp_path, {"a.txt", "absent"})
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    assert left == {*kept, "sub", ".a.txt.7.tmp", ".a.txt.8.tmp"}


def test_a_file_that_a_process_is_writing_is_not_swept(tmp_path: Path) -> None:
    """Whatever its number: processes in other containers and on other hosts have the same ones."""
    with atomic(tmp_path / "a.txt") as file:
        file.write(b"new")
        (held,) = tmp_path.iterdir()
        script = "import sys, pathlib, backhand.files.temporary as f; f.sweep(pathlib.Path(sys.argv[1]), {'a.txt'})"
        subprocess.run([sys.executable, "-c", script, tmp_path], check=True)
        assert held.exists()
    assert (tmp_path / "a.txt").read_bytes() == b"new"
    assert len(list(tmp_path.iterdir())) == 1
