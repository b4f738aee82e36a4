"""Archives that climb out, link, explode or are no archives."""

import tarfile
import zipfile

import numpy as np
import pytest

from backhand.data import load
from backhand.data.formats import archives as trees
from tests.data import datafiles as df
from tests.data.datafiles import refused

good = df.picture(df.noise(8, 8, 3))


def zip_with(path, name, content=good, **attributes):
    files = df.picture_tree(("train", "test"), ("cat", "dog"))
    with zipfile.ZipFile(df.in_zip(path, files), "a", zipfile.ZIP_DEFLATED) as archive:
        member = zipfile.ZipInfo(name)
        member.compress_type = zipfile.ZIP_DEFLATED
        for key, value in attributes.items():
            setattr(member, key, value)
        archive.writestr(member, content)
    return path


@pytest.mark.parametrize(
    "name", ["../evil.png", "train/cat/../../../evil.png", "/evil.png", "..\\evil.png", "C:/evil.png"]
)
def test_members_that_climb_out(tmp_path, name):
    refused("points outside", "images", path=zip_with(tmp_path / "a.zip", name))
    refused("points outside", "images", path=df.in_tar(tmp_path / "a.tar.gz", {name: good}))
    assert not (tmp_path.parent / "evil.png").exists()


def test_links_in_archives(tmp_path):
    refused(
        "is a link", "images", path=zip_with(tmp_path / "a.zip", "train/cat/link.png", external_attr=0o120777 << 16)
    )
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE):
        with tarfile.open(tmp_path / "a.tar", "w") as archive:
            member = tarfile.TarInfo("train/cat/link.png")
            member.type, member.linkname = kind, "/etc/hostname"
            archive.addfile(member)
        refused("is a link or device", "images", path=tmp_path / "a.tar")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, "zip"])
def test_a_link_for_a_picture_is_skipped_with_the_bad_ones(tmp_path, kind):
    name, path = "train/cat/link.png", tmp_path / "a"
    if kind == "zip":
        zip_with(path, name, b"0.png", external_attr=0o120777 << 16)
    else:
        df.in_tar(path, df.picture_tree(("train", "test"), ("cat", "dog")), "w")
        with tarfile.open(path, "a") as archive:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "train/cat/0.png"
            archive.addfile(member)
    refused(f"member {name} is a link or device; .* or pass --skip-bad-images", "images", path=path)
    splits = load("images", path=path, skip_bad_images=True)
    assert (len(splits.train), splits.notes) == (6, {"skipped images": f"1: {name}"})


def test_a_link_for_a_folder_is_never_skipped(tmp_path):
    with tarfile.open(df.in_tar(tmp_path / "a", df.picture_tree(("train",), ("cat", "dog")), "w"), "a") as archive:
        member = tarfile.TarInfo("test")
        member.type, member.linkname = tarfile.SYMTYPE, "train"
        archive.addfile(member)
    refused("member test is a link or device", "images", path=tmp_path / "a", skip_bad_images=True)


@pytest.mark.parametrize("packing", ["bz2", "xz"])
def test_tars_of_other_packings_are_read_and_not_trusted(tmp_path, packing):
    files = df.picture_tree(("train", "test"), ("cat", "dog"))
    path = df.in_tar(tmp_path / "a", files, f"w:{packing}")
    np.testing.assert_array_equal(
        load("images", path=path).train.x, load("images", path=df.in_zip(tmp_path / "b", files)).train.x
    )
    path.write_bytes(path.read_bytes()[:-200])
    refused("cannot be read .* truncated or damaged", "images", path=path)
    bomb = df.in_tar(tmp_path / "c", {"a/7.png": bytes(64 << 20)}, f"w:{packing}")
    refused("unpacks to more than 100 times", "images", path=bomb)


def test_bombs(tmp_path):
    bomb = zip_with(tmp_path / "a.zip", "train/cat/7.png", bytes(64 << 20))
    refused("train/cat/7.png unpacks to an absurd size", "images", path=bomb)
    refused(
        "unpacks to more than 100 times", "images", path=df.in_tar(tmp_path / "a.tgz", {"a/7.png": bytes(64 << 20)})
    )


def test_limits_of_member_and_total(tmp_path, monkeypatch):
    path = zip_with(tmp_path / "a.zip", "train/cat/7.png", np.random.default_rng(0).bytes(5000))
    monkeypatch.setattr(trees, "MAX_MEMBER", 4000)
    refused("7.png unpacks to an absurd size", "images", path=path)
    monkeypatch.setattr(trees, "MAX_TOTAL", 4000)
    refused("over the limit", "images", path=path)
    tar = df.in_tar(tmp_path / "a.tar", {"a/7.png": bytes(4001)}, "w")
    refused("a/7.png unpacks to an absurd size", "images", path=tar)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_occurs_twice(tmp_path):
    refused("train/cat/0.png occurs twice", "images", path=zip_with(tmp_path / "a.zip", "train/cat/0.png"))


def test_unusual_and_encrypted_members(tmp_path):
    lzma = df.in_zip(tmp_path / "a.zip", {"cat/1.png": good}, zipfile.ZIP_LZMA)
    refused("packed in an unusual way", "images", path=lzma)
    path = df.in_zip(tmp_path / "b.zip", df.picture_tree(("train", "test"), ("cat", "dog")))
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1  # the flag "encrypted" of the first member
    content[6] |= 1
    path.write_bytes(bytes(content))
    refused("encrypted", "images", path=path)


def test_neither_folder_nor_archive(tmp_path):
    (tmp_path / "a.txt").write_text("hello")
    refused("neither a folder nor a zip or tar", "images", path=tmp_path / "a.txt")
    refused("neither a folder nor a zip or tar", "npz", path=tmp_path / "a.txt")
    (tmp_path / "a.7z").write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(600))
    refused("nor a zip or tar archive, but packed as 7z; give one of these", "images", path=tmp_path / "a.7z")
