"""Folders on disk: links are followed, and what cannot be read is refused or counted, never dropped."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from backhand.data import load
from backhand.data.cache import fingerprint
from tests.data import datafiles as df
from tests.data.datafiles import refused

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links and permissions of POSIX")
FILES = df.picture_tree(("train", "test"), ("cat", "dog"))


@pytest.fixture
def pets(tmp_path):
    return df.in_folder(tmp_path / "pets", FILES)


def moved(folder, elsewhere):
    """The folder lies elsewhere from now on, and a link leads to it."""
    elsewhere.parent.mkdir(exist_ok=True)
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)


@pytest.mark.parametrize("names", [["test"], ["train/cat", "test/cat"], ["train", "test"], ["train/dog/0.png"], ["."]])
def test_links_are_followed(pets, tmp_path, names):
    plain = load("images", path=pets)
    path = tmp_path / "linked" if names == ["."] else pets
    for k, name in enumerate(names):
        if name == ".":
            path.symlink_to(pets)
        else:
            moved(pets / name, tmp_path / "elsewhere" / str(k))
    df.assert_same(load("images", path=path), plain)


def test_a_change_behind_a_link_is_noticed(pets, tmp_path):
    moved(pets / "test", tmp_path / "elsewhere" / "test")
    before = fingerprint(pets)
    load("images", path=pets)
    new = df.noise(8, 8, 3, seed=77)
    (tmp_path / "elsewhere" / "test" / "cat" / "0.png").write_bytes(df.picture(new))
    assert fingerprint(pets) != before
    np.testing.assert_array_equal(load("images", path=pets).test.x[0], new)


@pytest.mark.parametrize("target", ["..", ".", "../.."])
def test_loops_are_refused(pets, target):
    (pets / "train" / "cat" / "again").symlink_to(target)
    refused("train/cat/again is a link to a folder that contains it, .*; remove the link", "images", path=pets)


def test_one_folder_under_two_names_is_no_loop(pets):
    (pets / "validation").symlink_to("test")
    assert len(load("images", path=pets).validation) == 6


def test_hidden_folders_are_not_entered(pets):
    (pets / ".git").mkdir()
    (pets / ".git" / "loop").symlink_to("..")
    assert len(load("images", path=pets).train) == 6


def test_a_link_that_leads_nowhere_is_no_lost_test_part(pets):
    moved(pets / "test", pets.parent / "elsewhere")
    (pets.parent / "elsewhere").rename(pets.parent / "gone")
    refused("pets/test is a link to .*elsewhere, which does not exist; correct or remove it", "images", path=pets)


def test_a_picture_that_leads_nowhere(pets):
    (pets / "train" / "cat" / "9.png").symlink_to("/nowhere/9.png")
    sentence = "train/cat/9.png is a link to /nowhere/9.png, which does not exist; remove it or pass --skip-bad-images"
    for _ in range(2):  # cold and warm
        refused(sentence, "images", path=pets)
        splits = load("images", path=pets, skip_bad_images=True)
        assert (len(splits.train), splits.notes) == (6, {"skipped images": "1: train/cat/9.png"})


def test_a_pipe_is_no_picture(pets):
    os.mkfifo(pets / "train" / "cat" / "9.png")
    refused("train/cat/9.png is not a file; remove it or pass", "images", path=pets)
    assert load("images", path=pets, skip_bad_images=True).notes == {"skipped images": "1: train/cat/9.png"}


SCRIPT = """
import os, sys
from pathlib import Path
from backhand.data import load
from backhand.errors import DataError
if os.geteuid() == 0:  # whom no permission binds: all modules are loaded while they may be read
    load("images", path=Path(sys.argv[1]))
    os.setuid(12345)
for skip in (False, True):
    try:
        print(load("images", path=Path(sys.argv[1]), skip_bad_images=skip).notes)
    except DataError as error:
        print(error)
"""


def loaded_as_nobody(path):
    """What a user whom permissions bind gets, without and with skipping: the notes, or the error."""
    for folder in (path, *path.parents):
        if folder.is_relative_to(Path(tempfile.gettempdir())) and folder != Path(tempfile.gettempdir()):
            folder.chmod(folder.stat().st_mode | 0o055)
    environment = os.environ | {"BACKHAND_CACHE": "/dev/null/none"}
    done = subprocess.run([sys.executable, "-c", SCRIPT, path], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_what_may_not_be_read(pets):
    (pets / "train" / "cat" / "1.png").chmod(0)
    without, with_skipping = loaded_as_nobody(pets)
    assert without.endswith("train/cat/1.png cannot be read (Permission denied); remove it or pass --skip-bad-images")
    assert with_skipping == "{'skipped images': '1: train/cat/1.png'}"
    (pets / "test").chmod(0)
    try:
        without, with_skipping = loaded_as_nobody(pets)
    finally:
        (pets / "test").chmod(0o755)
    assert without == with_skipping
    assert without.endswith("pets/test cannot be read (Permission denied); check that it is yours")
