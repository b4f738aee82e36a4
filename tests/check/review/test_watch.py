"""Watching a file: when it is checked again, and what changed since."""

import os
from dataclasses import replace

from backhand.check.review.watch import changes, progress, snapshot
from tests.check.review.examples import AFFINE, AVERAGED, FULL, RELU, RIGHT


def test_each_save_of_the_file_or_one_beside_it_is_seen_once(tmp_path):
    file, other = tmp_path / "layers.py", tmp_path / "helper.py"
    file.write_text("1")
    times = iter(range(10**9, 10**11, 10**9))

    def save(path):
        path.write_text("x")
        os.utime(path, ns=(next(times),) * 2)

    actions = [
        lambda: None,
        lambda: save(file),  # a save, of which the next look sees that it goes on
        lambda: save(file),
        lambda: None,
        lambda: None,
        lambda: save(other),
        lambda: None,
        lambda: (tmp_path / "notes.md").write_text("no code"),
        other.unlink,
        lambda: None,
    ]
    seen = changes(file, lambda seconds: actions.pop(0)())
    assert next(seen) == []
    assert next(seen) == [file]
    assert next(seen) == [other]
    assert next(seen) == [other]
    assert actions == []


def test_a_folder_is_watched_with_all_below(tmp_path):
    for name in ("a/b.py", "a/c.txt", ".git/d.py", "__pycache__/e.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert set(snapshot(tmp_path)) == {tmp_path / "a" / "b.py"}
    assert snapshot(tmp_path / "missing" / "x.py") == {}


def test_what_changed_is_said_in_one_sentence():
    moved = replace(AVERAGED, place=replace(AVERAGED.place, line=99))
    one = replace(FULL, units=(replace(AFFINE, findings=(moved,)),), together=())
    assert progress(FULL, one) == "2 fixed, 1 still there."
    assert progress(one, FULL) == "2 new, 1 still there."
    assert progress(one, RIGHT) == "1 fixed."
    assert progress(one, one) == "No change: 1 still there."
    assert progress(RIGHT, replace(RIGHT, units=(RELU, RELU))) == ""
