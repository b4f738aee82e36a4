"""Files that grow: lines are added whole or not at all."""

import subprocess
import sys
from pathlib import Path

import pytest

from backhand.errors import BackhandError
from backhand.files.append import append, sync


def test_lines_are_added_to_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    for line in (b"one\n", b"two\n"):
        append(path, line)
    sync(path)
    assert path.read_bytes() == b"one\ntwo\n"


FULL = """
import resource, sys
from pathlib import Path
from backhand.errors import BackhandError
from backhand.files.append import append
path = Path(sys.argv[1])
append(path, b"x" * 990)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    append(path, b"y" * 20)
except BackhandError as error:
    print(error)
append(path, b"z" * 10)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files as POSIX systems do")
def test_what_does_not_fit_on_the_disk_is_not_added_in_part(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    done = subprocess.run([sys.executable, "-c", FULL, path], capture_output=True, text=True, check=True)
    assert done.stdout == f"cannot write {path}: File too large; what was there before is unchanged\n"
    assert path.read_bytes() == b"x" * 990 + b"z" * 10


def test_what_cannot_be_added_to_is_an_error(tmp_path: Path) -> None:
    for change in (lambda path: append(path, b"a"), sync):
        with pytest.raises(BackhandError, match="cannot write"):
            change(tmp_path / "none" / "lines")
