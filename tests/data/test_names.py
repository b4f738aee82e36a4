"""Names of files, folders and classes, as people's systems write them: read, shown as they are, or refused early."""

import os
import sys
import tarfile
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from backhand.data import load
from backhand.data.formats.members import canonical_name, printable
from backhand.errors import DataError
from tests.cli.datacommand import run
from tests.data import datafiles as df
from tests.data.datafiles import refused

FILES = df.picture_tree(("train", "test"), ("cat", "dog"))
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="other systems keep no names that are not UTF-8")


# Archives


@pytest.mark.parametrize("write", [df.in_tar, df.in_zip])
@pytest.mark.parametrize("form", ["./{}", ".//{}", "pics/./{}", "./pics/{}", "{}", "\\"])
def test_archives_as_others_pack_them(tmp_path, write, form):
    """`tar czf pics.tgz -C pics .` begins its names with ./, some programs for Windows write backslashes."""
    renamed = {n.replace("/", "\\") if form == "\\" else form.format(n): c for n, c in FILES.items()}
    df.assert_same(
        load("images", path=write(tmp_path / "pics", renamed)), load("images", path=df.in_zip(tmp_path / "a", FILES))
    )


def test_a_tar_of_the_present_folder(tmp_path):
    folder = df.in_folder(tmp_path / "pics", FILES)
    with tarfile.open(tmp_path / "pics.tgz", "w:gz") as archive:
        archive.add(folder, ".")
    df.assert_same(load("images", path=tmp_path / "pics.tgz"), load("images", path=folder))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("./a/b", "a/b"), ("a\\b\\", "a/b/"), ("./", ""), (".", ""), ("a//b", "a/b"), ("/a", "/a"), ("a/./b/.", "a/b/")],
)
def test_canonical_names(name, expected):
    assert canonical_name(name) == expected


@pytest.mark.parametrize("write", [df.in_tar, df.in_zip])
def test_one_member_under_two_spellings(tmp_path, write):
    refused("cat/0.png occurs twice", "images", path=write(tmp_path / "a", {**FILES, "./train/cat/0.png": b""}))


@pytest.mark.parametrize("name", ["C:/evil.png", "C:\\evil.png", "\\evil.png", "./../evil.png", "a/..", "//evil.png"])
@pytest.mark.parametrize("write", [df.in_tar, df.in_zip])
def test_names_that_still_climb_out(tmp_path, write, name):
    refused("points outside the archive", "images", path=write(tmp_path / "a", {**FILES, name: b""}))


def with_raw_name(path, name, flags=0):
    """A zip of two classes, of which one has this name as bytes."""
    good = df.picture(df.noise(8, 8, 3))
    stand_in = "q" * len(name)
    files = {
        f"{split}/{label}/{k}.png": good for split in ("train", "test") for label in ("cat", stand_in) for k in "01"
    }
    content = df.in_zip(path, files).read_bytes().replace(stand_in.encode(), name)
    path.write_bytes(content)
    return path


def test_a_zip_whose_utf8_is_not_declared(tmp_path):
    splits = load("images", path=with_raw_name(tmp_path / "a.zip", "café".encode()))
    assert (splits.classes, splits.notes) == (("café", "cat"), {})


def test_a_zip_in_the_old_code_page_is_read_and_said(tmp_path):
    for _ in range(2):  # cold and warm
        splits = load("images", path=with_raw_name(tmp_path / "a.zip", "café".encode("cp437")))
        assert splits.classes == ("café", "cat")
        assert splits.notes == {"names": "4 not in UTF-8, read in code page 437"}


# Folders on disk, and tars, keep bytes


def latin_1(tmp_path, packed):
    """Pictures whose class folder has a Latin-1 name."""
    folder = df.in_folder(
        tmp_path / "pets",
        {f"{split}/cat/{k}.png": FILES[f"{split}/cat/{k}.png"] for split in ("train", "test") for k in range(3)},
    )
    for split in ("train", "test"):
        strange = folder / split / os.fsdecode(b"caf\xe9")
        strange.mkdir()
        for k in range(3):
            (strange / f"{k}.png").write_bytes(FILES[f"{split}/dog/{k}.png"])
    if packed == "folder":
        return folder
    with tarfile.open(tmp_path / "pets.tar", "w") as archive:
        archive.add(folder, ".")
    return tmp_path / "pets.tar"


@LINUX
@pytest.mark.parametrize("packed", ["folder", "tar"])
def test_a_class_that_is_no_utf8_is_refused_at_once(tmp_path, packed):
    path = latin_1(tmp_path, packed)
    sentence = r"class folder caf\\xe9 has a name that is not UTF-8, .*; rename it, for instance to café"
    refused(sentence, "images", path=path)
    with pytest.raises(DataError, match="not UTF-8"):
        run("verify", "images", "--path", path)


@LINUX
@pytest.mark.parametrize("skip", [False, True])
def test_a_picture_whose_name_is_no_utf8(tmp_path, skip):
    folder = df.in_folder(tmp_path / "pets", FILES)
    for name, content in ((b"9\xe9.png", FILES["train/cat/0.png"]), (b"8\x1b[31m\n.png", b"no picture")):
        (folder / "train" / "cat" / os.fsdecode(name)).write_bytes(content)
    if not skip:
        refused(r"train/cat/8\\x1b\[31m\\n.png is not an image", "images", path=folder)
        return
    for _ in range(2):
        splits = load("images", path=folder, skip_bad_images=True)
        assert len(splits.train) == 7
        assert splits.notes == {"skipped images": "1: train/cat/8\\x1b[31m\\n.png"}


@LINUX
def test_a_folder_of_pictures_whose_own_name_is_no_utf8(tmp_path):
    folder = df.in_folder(tmp_path / "pets", FILES)
    strange = folder.rename(tmp_path / os.fsdecode(b"b\xeates"))
    assert load("images", path=strange).source == "12 images from b\\xeates"


def test_where_the_program_starts_has_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(df.in_folder(tmp_path / "pets", FILES))
    assert load("images", path=Path()).source == "12 images from pets"


def test_printable_names():
    assert printable("Füße 猫 👩‍🔬 a:b [x]") == "Füße 猫 👩‍🔬 a:b [x]"
    assert printable("a\x1b\udce9\u2028\x9f\n") == "a\\x1b\\xe9\\u2028\\x9f\\n"


# Classes


def test_one_class_written_in_two_ways_of_unicode(tmp_path):
    """macOS takes letters and their accents apart."""
    apart = unicodedata.normalize("NFD", "café")
    files = {name.replace("dog", "café" if "train" in name else apart): content for name, content in FILES.items()}
    assert load("images", path=df.in_zip(tmp_path / "a.zip", files)).classes == ("café", "cat")


@pytest.mark.parametrize("packed", ["zip", "tar"])
def test_classes_that_differ_in_case(tmp_path, packed):
    pack = df.PACKERS[packed]
    files = {name.replace("test/cat", "test/Cat"): content for name, content in FILES.items()}
    sentence = "class folders Cat and cat differ in case alone; rename one of them"
    refused(sentence, "images", path=pack(tmp_path / "one", files))
    files = {name.replace("dog", "Cat"): content for name, content in FILES.items()}
    assert load("images", path=pack(tmp_path / "two", files)).classes == ("Cat", "cat")  # as letters may be


@pytest.mark.parametrize(("first", "second"), [("val", "valid"), ("test", "Testing"), ("train", "Train")])
def test_two_folders_for_one_split(tmp_path, first, second):
    files = df.picture_tree({"train", "test", first, second}, ("cat", "dog"))
    refused(f"{second}|{first} both name the .* split; join them", "images", path=df.in_zip(tmp_path / "a.zip", files))


@pytest.mark.parametrize("name", ["test", "validation"])
def test_an_empty_split_is_not_dropped(tmp_path, name):
    folder = df.in_folder(tmp_path / "pets", df.picture_tree(("train",), ("cat", "dog"), per_class=10))
    load("images", path=folder)  # so that it lies in the cache
    (folder / name).mkdir()
    refused(f"the folder {name} holds no images; add some or remove it", "images", path=folder)


ODD = ("a:b:c", ":smile:", "[red]", "$x_1^", "<b>&", "_hidden", "C:", "猫")


def test_names_are_shown_as_they_are(tmp_path):
    files = df.picture_tree(("train", "test"), ODD)
    path = df.in_zip(tmp_path / "a:b [bold].zip", files)
    text = run("verify", "images", "--path", path)
    rows = [line.split() for line in text.splitlines()]
    assert all([name, "3", "3"] in rows for name in ODD if name != "C:")
    assert "from a:b [bold].zip" in text


def test_the_legend_has_every_class(tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    from backhand.data.show import draw_scatter

    drawn = []
    monkeypatch.setattr(Figure, "savefig", lambda self, *_, **__: drawn.append(self))
    draw_scatter(np.random.default_rng(0).normal(size=(32, 2)), np.arange(32) % 8, ODD, tmp_path / "a.png", title="t")
    legend = drawn[0].axes[0].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == list(ODD)


# FER2013's table


def table(change):
    lines = df.fer_csv().decode().splitlines()
    return change(lines)


TABLES = {
    "blank first lines": lambda lines: "\n  \n,,\n" + "\n".join(lines),
    "spaces before quotes": lambda lines: "\n".join(", ".join(f'"{cell}"' for cell in ln.split(",")) for ln in lines),
    "emotions with a point": lambda lines: "\n".join([lines[0], *(f"{ln[0]}.0{ln[1:]}" for ln in lines[1:])]),
    "blank last lines": lambda lines: "\n".join([*lines, "", "  ", ",,"]) + "\n\n",
    "blank lines amid": lambda lines: "\n\n".join(lines),
    "CRLF": lambda lines: "\r\n".join(lines) + "\r\n",
    "a mark of the byte order": lambda lines: "\ufeff" + "\n".join(lines),
    "letters of another case": lambda lines: "\n".join(["EMOTION,Pixels,usage", *lines[1:]]).replace(
        "Training", "training"
    ),
    "another order": lambda lines: "\n".join(",".join(line.split(",")[::-1]) for line in lines),
    "more columns": lambda lines: "\n".join(
        f"{k},{line},x" for k, line in enumerate(["emotion,pixels,Usage", *lines[1:]])
    ),
    "semicolons": lambda lines: "\n".join(line.replace(",", ";") for line in lines),
    "tabs": lambda lines: "\n".join(line.replace(",", "\t") for line in lines),
    "quotes": lambda lines: "\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in lines),
}


@pytest.mark.parametrize("form", TABLES)
def test_fer2013_tables_as_programs_write_them(tmp_path, form):
    path = tmp_path / "fer2013.csv"
    path.write_bytes(table(TABLES[form]).encode())
    plain = tmp_path / "plain.csv"
    plain.write_bytes(df.fer_csv())
    first, second = (load("fer2013", path=p) for p in (path, plain))
    df.assert_same(first, second)
    np.testing.assert_array_equal(first.validation.x, second.validation.x)


def test_a_table_in_an_archive_under_a_name_in_capitals(tmp_path):
    assert len(load("fer2013", path=df.in_zip(tmp_path / "a.zip", {"FER2013.CSV": df.fer_csv()})).train) == 14


# What systems put beside the pictures


@pytest.mark.parametrize("write", [df.in_folder, df.in_zip, df.in_tar])
@pytest.mark.parametrize(
    "name",
    ["__MACOSX/train/cat/0.png", "train/__MACOSX/cat/0.png", "train/cat/@eaDir/0.png", "@eaDir/test/0.png"],
)
def test_folders_of_the_system_are_passed_over_wherever_they_lie(tmp_path, write, name):
    content = next(iter(FILES.values()))
    for top in ("", "pics/"):
        files = {f"{top}{each}": data for each, data in (FILES | {name: content}).items()}
        path = write(tmp_path / f"with{len(top)}", files)
        splits = load("images", path=path)
        df.assert_same(splits, load("images", path=df.in_zip(tmp_path / "a", FILES)))
        assert splits.notes == {}
