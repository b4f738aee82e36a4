"""The cache of decoded images."""

import os

import numpy as np
import pytest

from backhand.data import cache, load
from backhand.data.formats import image_tree
from backhand.data.formats.resize import Resize
from tests.data import datafiles as df

CASES = ["folder", "zip", "tar"]


@pytest.fixture
def pets(tmp_path, monkeypatch):
    """A function that packs pictures, and one that says how many have been decoded since it was last asked."""
    monkeypatch.setenv("BACKHAND_CACHE", str(tmp_path / "cache"))
    decoded = []
    plain = image_tree.decode

    def counting(*arguments):
        decoded.append(arguments)
        return plain(*arguments)

    def count():
        total = len(decoded)
        decoded.clear()
        return total

    monkeypatch.setattr(image_tree, "decode", counting)
    return tmp_path, count


FILES = df.picture_tree(("train", "test"), ("cat", "dog"))


@pytest.mark.parametrize("packed", CASES)
def test_the_second_time_nothing_is_decoded(pets, packed):
    folder, count = pets
    path = df.PACKERS[packed](folder / "pets", FILES)
    first = load("images", path=path)
    assert count() == 12
    second = load("images", path=path)
    assert count() == 0
    df.assert_same(first, second)


@pytest.mark.parametrize("packed", CASES)
def test_a_size_that_suits_the_pictures_is_kept_and_all_is_read_once(pets, packed, monkeypatch):
    folder, _ = pets
    path, read = df.PACKERS[packed](folder / "pets", FILES), []
    first = load("images", path=path, resize=Resize())
    plain = cache.fingerprint
    monkeypatch.setattr(cache, "fingerprint", lambda source: read.append(source) or plain(source))
    monkeypatch.setattr(image_tree, "inspect_pictures", lambda path: pytest.fail("the sizes are kept"))
    second = load("images", path=path, resize=Resize())
    assert read == [path]
    np.testing.assert_array_equal(first.train.x, second.train.x)


def test_what_comes_from_the_cache_is_what_was_built(pets):
    folder, _ = pets
    (folder / "a").write_text("a")
    built, kept = (cache.load_or_build(folder / "a", "images", lambda: {"x": np.arange(3)}) for _ in range(2))
    assert built.keys() == kept.keys()


@pytest.mark.parametrize("packed", CASES)
def test_a_changed_picture_is_decoded_anew(pets, packed):
    folder, count = pets
    load("images", path=df.PACKERS[packed](folder / "pets", FILES))
    changed = {**FILES, "train/cat/0.png": df.picture(df.noise(8, 8, 3, seed=99))}
    x = load("images", path=df.PACKERS[packed](folder / "pets", changed)).train.x
    assert count() == 24
    np.testing.assert_array_equal(x[0], df.noise(8, 8, 3, seed=99))


def test_a_renamed_class_is_noticed(pets):
    folder, _ = pets
    path = df.in_folder(folder / "pets", FILES)
    load("images", path=path)
    for split in ("train", "test"):
        (path / split / "dog").rename(path / split / "wolf")
    assert load("images", path=path).classes == ("cat", "wolf")


def test_options_have_caches_of_their_own(pets):
    folder, count = pets
    path = df.in_zip(folder / "pets.zip", {**FILES, "train/cat/9.png": b"no image"})
    load("images", path=path, skip_bad_images=True)
    assert count() == 13
    assert load("images", path=path, skip_bad_images=True).notes == {"skipped images": "1: train/cat/9.png"}
    assert count() == 0
    with pytest.raises(Exception, match="is not an image"):
        load("images", path=path)


@pytest.mark.parametrize(
    "damage", [lambda c: c[:-50], lambda c: b"", lambda c: c[:200] + b"\xff" + c[201:], lambda c: c[::-1]]
)
def test_a_damaged_cache_means_decoding_again(pets, damage):
    folder, count = pets
    path = df.in_zip(folder / "pets.zip", FILES)
    first = load("images", path=path)
    [kept] = (folder / "cache").iterdir()
    kept.write_bytes(damage(kept.read_bytes()))
    count()
    np.testing.assert_array_equal(load("images", path=path).train.x, first.train.x)
    assert count() == 12
    load("images", path=path)
    assert count() == 0


def test_an_impossible_cache_folder_is_no_error(pets, monkeypatch):
    folder, count = pets
    (folder / "file").write_text("not a folder")
    monkeypatch.setenv("BACKHAND_CACHE", str(folder / "file" / "cache"))
    path = df.in_zip(folder / "pets.zip", FILES)
    for _ in range(2):
        assert len(load("images", path=path).train) == 6
        assert count() == 12


def test_nothing_half_written_stays(pets, monkeypatch):
    folder, _ = pets

    def full(*_, **__):
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", full)
    load("images", path=df.in_zip(folder / "pets.zip", FILES))
    assert list((folder / "cache").iterdir()) == []


def test_what_a_killed_process_left_half_written_goes(pets):
    folder, _ = pets
    load("images", path=df.in_zip(folder / "pets.zip", FILES))
    (kept,) = (folder / "cache").iterdir()
    kept.rename(kept.with_name(f".{kept.name[:50]}.1.tmp"))
    load("images", path=folder / "pets.zip")
    assert list((folder / "cache").iterdir()) == [kept]


def test_a_folder_is_known_by_names_and_contents(tmp_path):
    one = df.in_folder(tmp_path / "one", {"a/1": b"x", "b": b"y"})
    two = df.in_folder(tmp_path / "two", {"b": b"y", "a/1": b"x"})
    assert cache.fingerprint(one) == cache.fingerprint(two)
    (two / "b").rename(two / "c")
    assert cache.fingerprint(one) != cache.fingerprint(two)
