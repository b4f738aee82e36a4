"""What the cache keeps is shown, bounded and cleared; without a home there is none."""

import json
import os
import subprocess
import sys
import time

import numpy as np
import pytest

from backhand.data import cache, load
from backhand.data.cache import SECONDS_PER_DAY, clear, entries, load_or_build
from backhand.files import locations
from tests.cli.datacommand import run
from tests.data import datafiles as df


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("BACKHAND_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def keep(path, size=1000, days=0.0):
    """An entry of about so many bytes for a file of this name, last used so many days ago."""
    path.write_text(path.name)
    load_or_build(path, "images", lambda: {"x": np.zeros(size, np.uint8)})
    entry = max(entries(), key=lambda entry: entry.path.stat().st_ctime_ns)
    then = time.time() - days * SECONDS_PER_DAY
    os.utime(entry.path, (then, then))
    return entry.path


def test_entries_say_what_they_were_decoded_from(tmp_path):
    pets = df.in_zip(tmp_path / "my pets.zip", df.picture_tree(("train", "test"), ("cat", "dog")))
    load("images", path=pets)
    [entry] = entries()
    assert (entry.source, entry.decoding) == (str(pets), "images")
    assert entry.size == entry.path.stat().st_size
    text = run("cache")
    assert [str(pets), "images", "0.0", "just", "now"] == text.splitlines()[1].replace("my pets", "my_pets").replace(
        "my_pets", "my pets"
    ).rsplit(maxsplit=4)
    assert f"1 entry, 0.0 MB in {tmp_path / 'cache'}; at most 20 GB are kept; --clear removes the entries" in text


def test_clearing(tmp_path, folder):
    old, new = keep(tmp_path / "old", days=40), keep(tmp_path / "new")
    others = [folder / name for name in ("kernels", "notes.npz", "a" * 32 + "-images-v1.txt")]
    for path in others:
        path.write_text("not ours")
    half = folder / f".{old.name[:50]}.1.tmp"
    half.write_text("left by a process that was killed")
    assert "2 entries" in run("cache")
    assert "1 entry" in run("cache", "--older-than", 30)
    assert old.exists()
    assert "removed 1 entry, 0.0 MB from" in run("cache", "--clear", "--older-than", 30)
    assert (old.exists(), new.exists(), half.exists()) == (False, True, False)
    assert "removed 1 entry" in run("cache", "--clear")
    assert sorted(folder.iterdir()) == sorted(others)
    assert "0 entries" in run("cache")


def test_what_was_not_used_for_longest_makes_room(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "MAX_BYTES", 30_000)
    first, second = keep(tmp_path / "first", 10_000, days=3), keep(tmp_path / "second", 10_000, days=2)
    load_or_build(tmp_path / "first", "images", lambda: pytest.fail("it is there"))  # so it was used just now
    third = keep(tmp_path / "third", 10_000)
    assert [path.exists() for path in (first, second, third)] == [True, False, True]
    huge = keep(tmp_path / "huge", 50_000)
    assert [entry.path for entry in entries()] == [huge]


def test_entries_of_an_earlier_version_go(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "VERSION", cache.VERSION - 1)
    earlier = keep(tmp_path / "a")
    monkeypatch.undo()
    monkeypatch.setenv("BACKHAND_CACHE", str(tmp_path / "cache"))
    later = keep(tmp_path / "a")
    assert [entry.path for entry in entries()] == [later] != [earlier]


def test_a_damaged_entry_is_shown_and_cleared(tmp_path):
    path = keep(tmp_path / "a")
    path.write_bytes(path.read_bytes()[:100])
    assert path.name in run("cache").replace("\n", "")
    assert clear()[0].path == path


def test_an_entry_of_gigabytes_is_read_again(tmp_path, monkeypatch):
    """A limit on members guards against archives that explode; what is not compressed cannot."""
    from backhand.data.formats import archives

    monkeypatch.setattr(archives, "MAX_MEMBER", 500)
    monkeypatch.setattr(archives, "MAX_TOTAL", 500)
    keep(tmp_path / "a", 10_000)
    assert len(load_or_build(tmp_path / "a", "images", lambda: pytest.fail("it is there"))["x"]) == 10_000


HOMELESS = """
import json, pwd, sys
def gone(uid): raise KeyError(uid)
pwd.getpwuid = gone
from backhand.cli.app import app
from backhand.console.exits import run_to_exit_status
for command in json.loads(sys.argv[1]):
    sys.argv = ["backhand", *command.split()]
    print(run_to_exit_status(lambda: app(standalone_mode=False)), command, file=sys.stderr, flush=True)
"""
COMMANDS = {
    "data verify images --path pets": 0,
    "data verify mnist": 2,
    "data fetch mnist": 2,
    "data list": 0,
    "data cache": 0,
    "run digits --set train.epochs=1 --set model.hidden=[4] --backend reference --out r": 0,
}


@pytest.mark.skipif(os.name != "posix", reason="a home folder of POSIX")
def test_without_a_home_everything_works_without_a_cache(tmp_path):
    df.in_folder(tmp_path / "pets", df.picture_tree(("train", "test"), ("cat", "dog")))
    hidden = ("HOME", "BACKHAND_CACHE", "BACKHAND_DATA", "XDG_CACHE_HOME", "XDG_DATA_HOME")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    program = [sys.executable, "-c", HOMELESS, json.dumps(list(COMMANDS))]
    done = subprocess.run(program, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert [line for line in done.stderr.splitlines() if line[:2] in ("0 ", "2 ")] == [
        f"{status} {command}" for command, status in COMMANDS.items()
    ]
    assert done.stderr.count("there is no home folder, so nothing is cached") == 1
    assert "mnist was not found: there is no home folder to look in" in done.stderr
    assert "name a folder with --data-dir or BACKHAND_DATA" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pets", "r"]  # no folder of the name ~


@pytest.fixture
def homeless(monkeypatch):
    monkeypatch.delenv("BACKHAND_CACHE")
    locations._warn_of_no_cache.cache_clear()
    yield monkeypatch
    locations._warn_of_no_cache.cache_clear()


def test_a_home_that_is_no_path_is_none(homeless):
    homeless.setattr("platformdirs.user_cache_dir", lambda *_, **__: "~/.cache/backhand")
    with pytest.warns(UserWarning, match="there is no home folder"):
        assert locations.cache_dir() is None
    assert locations.cache_dir() is None  # said once


def test_kernels_are_compiled_all_the_same(homeless):
    from backhand.kernels import jit

    def nowhere(*_, **__):
        raise RuntimeError("could not determine the home directory")

    homeless.setattr("platformdirs.user_cache_dir", nowhere)
    with pytest.warns(UserWarning, match="there is no home folder"):
        assert jit.folder.__wrapped__() is None
