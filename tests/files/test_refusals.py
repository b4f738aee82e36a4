"""Paths for output that are refused before any work is done."""

from pathlib import Path

import pytest

from backhand.errors import BackhandError
from backhand.files.refusals import refuse_inside_data, refuse_unwritable


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda folder: folder / "folder", "it is a folder; name a file in it"),
        (lambda folder: folder / "file" / "a.txt", ".*/file is not a folder; name another file"),
        (lambda folder: folder / "file" / "b" / "a.txt", ".*/file is not a folder; name another file"),
    ],
)
def test_what_cannot_be_written_is_refused_before_the_work(tmp_path: Path, make, reason: str) -> None:
    (tmp_path / "file").write_text("kept")
    (tmp_path / "folder").mkdir()
    with pytest.raises(BackhandError, match=f"^cannot write .*: {reason}$"):
        refuse_unwritable(make(tmp_path))
    for fine in tmp_path / "file", tmp_path / "new", tmp_path / "new" / "er" / "a.txt", Path("/dev/null"):
        refuse_unwritable(fine)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_output_among_the_data_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    with pytest.raises(BackhandError, match=r"data holds the data to be read; choose another --out$"):
        refuse_inside_data(data, [None, data])
    with pytest.raises(BackhandError, match=r"lies inside .*data, which holds the data to be read; choose another --"):
        refuse_inside_data(data / "sub" / "a.png", [data])
    refuse_inside_data(tmp_path / "database", [data, tmp_path / "absent"])
