"""Every mistake in the data is one clear sentence: what, where, what to do."""

import gzip
import io
import os
import pickle
import struct
import tarfile
import zipfile
import zlib

import datafiles as df
import numpy as np
import pytest

from backhand.data import load
from backhand.data.formats import trees
from backhand.data.formats.cifar_pickle import read_batch
from backhand.data.formats.pictures import decode
from backhand.errors import DataError

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def refused(match, name, **given):
    with pytest.raises(DataError, match=match) as caught:
        load(name, **given)
    message = str(caught.value)
    assert "\n" not in message
    assert message.strip() == message
    return message


# Names and places


def test_an_unknown_name_gets_the_closest_one():
    refused('unknown data set "minst"; did you mean "mnist"', "minst")


def test_not_found_says_where_and_how(tmp_path):
    message = refused("looked in", "mnist", data_dir=tmp_path)
    assert str(tmp_path) in message
    assert str(tmp_path / "mnist") in message
    assert "backhand data fetch mnist" in message
    assert "kaggle" in refused("looked in", "fer2013", data_dir=tmp_path)


def test_a_path_that_is_missing_needless_or_wanting(tmp_path):
    refused("does not exist", "mnist", path=tmp_path / "none")
    refused("built in", "digits", path=tmp_path)
    refused("needs a path", "images")
    refused("needs a path", "npz")


def test_a_half_download_is_not_taken_for_the_file(tmp_path):
    (tmp_path / "cifar-10-binary.tar.gz.part").write_bytes(b"x")
    refused("not found", "cifar10", data_dir=tmp_path)


# MNIST

x3, y20 = df.mnist_arrays()
lying = bytes([0, 0, 8, 3]) + struct.pack(">3I", 2**31, 28, 28)
BAD_MNIST = {
    "missing": ({IMAGES + ".gz": None}, "holds no train-images-idx3-ubyte"),
    "truncated gzip": ({IMAGES + ".gz": df.mnist_files()[IMAGES + ".gz"][:-40]}, "truncated or damaged"),
    "damaged gzip": ({LABELS + ".gz": b"\x1f\x8b" + bytes(30)}, "truncated or damaged"),
    "truncated values": ({IMAGES + ".gz": df.idx(x3)[:-1]}, "announces 20 x 28 x 28 = 15680 values but 15679 follow"),
    "too many values": ({IMAGES + ".gz": df.idx(x3) + b"0"}, "more follow"),
    "truncated header": ({IMAGES + ".gz": df.idx(x3)[:9]}, "ends within its header"),
    "empty": ({IMAGES + ".gz": b""}, "begins with nothing"),
    "labels for images": ({IMAGES + ".gz": df.idx(y20)}, "not an IDX file .* begins with 00 00 08 01"),
    "wrong magic": ({IMAGES + ".gz": b"<htm" + df.idx(x3)[4:]}, "3c 68 74 6d"),
    "a header that lies": ({IMAGES + ".gz": lying}, "but 0 follow"),
    "counts differ": ({LABELS + ".gz": df.idx(y20[:-1])}, "20 images but .* 19 labels"),
    "label outside": (
        {LABELS + ".gz": df.idx(np.where(np.arange(20) == 7, 10, y20).astype(np.uint8))},
        "label 10 of image 7",
    ),
    "another size": ({IMAGES + ".gz": df.idx(df.noise(20, 32, 32))}, "32 x 32, not 28 x 28"),
    "empty class": ({LABELS + ".gz": df.idx(np.where(y20 == 3, 4, y20).astype(np.uint8))}, 'class "3" has no samples'),
    "a bomb": ({IMAGES + ".gz": gzip.compress(bytes(64 << 20))}, "not an IDX file|unpacks to more"),
    "a bomb with a good header": (
        {IMAGES + ".gz": gzip.compress(lying + bytes(64 << 20))},
        "unpacks to more than 100 times its size",
    ),
}


@pytest.mark.parametrize("case", BAD_MNIST)
def test_bad_mnist(tmp_path, case):
    changes, match = BAD_MNIST[case]
    files = {name: content for name, content in {**df.mnist_files(), **changes}.items() if content is not None}
    refused(match, "mnist", path=df.in_folder(tmp_path, files))


# CIFAR-10


def cifar_with(form, batch, content):
    name = f"cifar-10-batches-{form}/{batch}{'.bin' if form == 'bin' else ''}"
    files = df.cifar_files(form)
    if content is None:
        del files[name]
    else:
        files[name] = content
    return files


good_x, good_y = df.cifar_batch(0)
BAD_CIFAR = {
    "missing batch": ("bin", None, "lacks data_batch_3.bin"),
    "truncated batch": ("bin", df.binary_batch(good_x, good_y)[:-1], "no multiple of 3073"),
    "empty batch": ("bin", b"", "no multiple of 3073"),
    "label outside": ("bin", df.binary_batch(good_x, good_y + 1), "label 10 of image 9 is outside"),
    "truncated pickle": ("py", df.python2_pickle(good_x, good_y)[:-9], "is not a batch of CIFAR-10"),
    "pickled label outside": ("py", df.python2_pickle(good_x, good_y + 1), "label 10 of image 9"),
    "counts differ": ("py", df.python2_pickle(good_x, good_y[:-1]), "10 images but 9 labels"),
    "another width": ("py", df.python2_pickle(good_x[:, :-1], good_y), "10 x 3071, not rows of 3072"),
    "no pickle": ("py", b"<html>", "is not a batch of CIFAR-10"),
}


@pytest.mark.parametrize("case", BAD_CIFAR)
def test_bad_cifar10(tmp_path, case):
    form, content, match = BAD_CIFAR[case]
    path = df.in_tar(tmp_path / "cifar.tar.gz", cifar_with(form, "data_batch_3", content))
    assert "data_batch_3" in refused(match, "cifar10", path=path)


@pytest.mark.parametrize("packed", ["zip", "tar"])
def test_truncated_archives(tmp_path, packed):
    path = df.PACKERS[packed](tmp_path / "cifar10", df.cifar_files("bin"))
    path.write_bytes(path.read_bytes()[:-3000])
    refused("truncated or damaged", "cifar10", path=path)


class Evil:
    def __reduce__(self):
        return os.system, ("echo a pickle ran > /dev/stderr; exit 1",)


FOREIGN_PICKLES = {
    "a call": pickle.dumps({b"data": Evil(), b"labels": []}, protocol=2),
    "a call without reduce opcode": b"\x80\x02cos\nsystem\n.",
    "instance opcode": b"(S'true'\nios\nsystem\n.",
    "an object array": pickle.dumps({b"data": np.array([Evil()], dtype=object), b"labels": []}, protocol=2),
    "a newer protocol": pickle.dumps({b"data": good_x, b"labels": good_y.tolist()}, protocol=5),
    "a memo index of four gigabytes": b"\x80\x02}r\xff\xff\xff\xff.",
    "a number": b"\x80\x02K\x01.",
    "text for labels": b"\x80\x02}(U\x06labelsU\x02abU\x04dataNu.",
    "no array": b"\x80\x02}(U\x06labels](K\x01eU\x04datacnumpy\nndarray\nu.",
    "no data": b"\x80\x02}(U\x06labels](K\x01eu.",
    "floats for labels": df.python2_pickle(good_x, good_y).replace(b"]q\x05(K\x00", b"]q\x05(N", 1),
    "another dtype": df.python2_pickle(good_x, good_y).replace(b"U\x02u1", b"U\x02i1"),
}


@pytest.mark.parametrize("case", FOREIGN_PICKLES)
def test_a_foreign_pickle_is_refused_and_never_run(case, capfd):
    with pytest.raises(DataError, match="is not a batch of CIFAR-10"):
        read_batch(FOREIGN_PICKLES[case], "data_batch_1")
    assert capfd.readouterr().err == ""


def test_cifar10_pictures_without_test_folder_of_another_size_or_class(tmp_path):
    size = df.in_folder(tmp_path / "size", df.picture_tree(("train", "test"), df.CIFAR, (28, 28, 3)))
    refused("not 32 x 32", "cifar10", path=size)
    part = df.in_folder(tmp_path / "part", df.picture_tree(("train",), df.CIFAR, (32, 32, 3)))
    refused("must hold the folders train and test", "cifar10", path=part)
    other = df.in_folder(tmp_path / "other", df.picture_tree(("train", "test"), ("cat", "lion"), (32, 32, 3)))
    refused("lion/0.png is of no class of cifar10", "cifar10", path=other)


# FER2013

ROW = "1," + " ".join(["7"] * 2304) + ",Training"
BAD_TABLES = {
    "missing column": ("emotion,pixels\n", "lacks the column Usage"),
    "empty": ("", "lacks the column emotion"),
    "too few pixels": (f"emotion,pixels,Usage\n{ROW}\n1,1 2 3,Training\n", "line 3: 3 pixels, not 48 x 48 = 2304"),
    "too many pixels": ("emotion,pixels,Usage\n" + ROW.replace("7,", "7 7,") + "\n", "line 2: 2305 pixels"),
    "no number": ("emotion,pixels,Usage\n" + ROW.replace("7 7", "7 x", 1) + "\n", "line 2: pixel 1 is 'x'"),
    "negative": ("emotion,pixels,Usage\n" + ROW.replace("7 7", "7 -1", 1) + "\n", "line 2: pixel 1 is '-1'"),
    "above 255": ("emotion,pixels,Usage\n" + ROW.replace("7 7", "7 256", 1) + "\n", "line 2: pixel 1 is '256'"),
    "a fraction": ("emotion,pixels,Usage\n" + ROW.replace("7 7", "7 1.5", 1) + "\n", "line 2: pixel 1 is '1.5'"),
    "emotion outside": (f"emotion,pixels,Usage\n{ROW}\n7{ROW[1:]}\n", "line 3: emotion is '7', not 0 to 6"),
    "unknown usage": (f"emotion,pixels,Usage\n{ROW}ing\n", "line 2: Usage is 'Traininging'"),
    "missing value": (f"emotion,pixels,Usage\n{ROW}\n1,2\n", "line 3: 2 columns where the first line names 3"),
    "one split": (f"emotion,pixels,Usage\n{ROW}\n", "has no test split"),
    "not text": ("emotion,pixels,Usage\n\udcff\udcfe\n", "not a table of text"),
    "a cell of megabytes": ("emotion,pixels,Usage\n1," + "7 " * 200_000 + ",Training\n", "not a table of text"),
}


@pytest.mark.parametrize("case", BAD_TABLES)
def test_bad_fer2013_tables(tmp_path, case):
    content, match = BAD_TABLES[case]
    path = tmp_path / "fer2013.csv"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    refused(match, "fer2013", path=path)


def test_fer2013_pictures_of_another_size(tmp_path):
    files = df.picture_tree(("Training", "PublicTest", "PrivateTest"), df.FER, (32, 32, 1))
    refused("32 x 32, not 48 x 48", "fer2013", path=df.in_folder(tmp_path, files))


# Pictures

good = df.picture(df.noise(8, 8, 3))
jpeg = df.picture(df.noise(64, 64, 3), "JPEG")


def png_header(width, height):
    """A PNG that announces this size, and nothing of it."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def saved(mode, form, **options):
    from PIL import Image

    out = io.BytesIO()
    Image.new(mode, (8, 8)).save(out, form, **options)
    return out.getvalue()


BAD_PICTURES = {
    "truncated JPEG": (jpeg[:-200], r"is not an image \(truncated JPEG\); remove it or pass --skip-bad-images"),
    "truncated PNG": (good[:-60], "is not an image"),
    "empty": (b"", r"is not an image \(unknown format\)"),
    "text": (b"<html>not found</html>", "is not an image"),
    "GIF": (saved("P", "GIF"), r"is not an image \(unknown format\)"),
    "bomb": (png_header(60_000, 60_000), "too many"),
    "smaller bomb": (png_header(10_000, 10_000), "too many"),
    "large": (png_header(5_000, 5_000), "5000 x 5000 pixels"),
    "transparent": (saved("RGBA", "PNG"), "pixels of the kind RGBA"),
    "transparent colour": (saved("RGB", "PNG", transparency=(0, 0, 0)), "pixels of the kind transparent"),
    "sixteen bits": (saved("I;16", "PNG"), "pixels of the kind I;16"),
    "CMYK": (saved("CMYK", "JPEG"), "pixels of the kind CMYK"),
}


@pytest.mark.parametrize("packed", ["folder", "zip"])
@pytest.mark.parametrize("case", BAD_PICTURES)
def test_bad_pictures_are_named_and_can_be_skipped(tmp_path, case, packed):
    content, match = BAD_PICTURES[case]
    files = {**df.picture_tree(("train", "test"), ("cat", "dog")), "train/cat/0012.jpg": content}
    path = df.PACKERS[packed](tmp_path / "pets", files)
    assert f"{path}/train/cat/0012.jpg" in refused(match, "images", path=path)
    splits = load("images", path=path, skip_bad_images=True)
    assert len(splits.train) == 6
    assert splits.notes == {"skipped images": "1: train/cat/0012.jpg"}


def test_a_picture_without_pixels_data_is_not_read_as_black():
    with pytest.raises(DataError, match="is not an image"):
        decode(png_header(8, 8), "a.png")


BAD_TREES = {
    "another size": (
        {"train/cat/7.png": df.picture(df.noise(8, 9, 3))},
        "cat/7.png is 8 x 9, the pictures before it are 8 x 8",
    ),
    "a folder deeper": ({"train/cat/more/7.png": good}, "train/cat/more/7.png lies not at split/class/image"),
    "beside the classes": ({"train/7.png": good}, "train/7.png lies not at split/class/image"),
    "beside the splits": ({"other/cat/7.png": good}, "lies not at class/image"),
    "a class only tested": ({"test/cow/7.png": good}, 'class "cow" has no samples in the train split'),
    "a class not tested": ({"train/cow/7.png": good}, 'class "cow" has no samples in the test split'),
}


@pytest.mark.parametrize("packed", df.PACKERS)
@pytest.mark.parametrize("case", BAD_TREES)
def test_bad_trees(tmp_path, case, packed):
    changes, match = BAD_TREES[case]
    files = {**df.picture_tree(("train", "test"), ("cat", "dog")), **changes}
    refused(match, "images", path=df.PACKERS[packed](tmp_path / "pets", files))


def test_trees_with_too_little(tmp_path):
    for files, match in (
        ({}, "holds no .jpg"),
        (df.picture_tree(("",), ("cat",)), 'has the one class "cat"'),
        (df.picture_tree(("test",), ("cat", "dog")), "has no train folder beside test"),
        (df.picture_tree(("",), ("cat", "dog"), per_class=1), 'class "cat" has 1 of 2 samples, too few'),
        ({"cat/0.png": b"", "dog/0.png": b""}, "is not an image"),
    ):
        path = tmp_path / str(len(list(tmp_path.iterdir())))
        path.mkdir()
        refused(match, "images", path=df.in_folder(path, files))
    refused("holds no picture that can be read", "images", path=path, skip_bad_images=True)


def test_an_empty_class_folder(tmp_path):
    path = df.in_folder(tmp_path, df.picture_tree(("train", "test"), ("cat", "dog")))
    (path / "train" / "cow").mkdir()
    refused("class folder train/cow holds no images", "images", path=path)


# Archives


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


# NumPy archives

x, y = np.random.default_rng(0).normal(size=(20, 3)), np.arange(20) % 2
with_nan = x.copy()
with_nan[7, 1] = np.nan
BAD_NPZ = {
    "nothing": ({}, "holds no NumPy arrays"),
    "no labels": ({"x": x}, "lacks the array y"),
    "no test labels": ({"x_train": x, "y_train": y, "x_test": x}, "lacks the array y_test"),
    "counts differ": ({"x": x, "y": y[:-1]}, r"shape \(20, 3\) but y 19 labels"),
    "NaN": ({"x_train": with_nan, "y_train": y, "x_test": x, "y_test": y}, "sample 7 in the train split .* NaN"),
    "infinity": ({"x_train": x, "y_train": y, "x_test": x * np.inf, "y_test": y}, "holds NaN or infinity"),
    "beyond float32": ({"x_train": x * 1e300, "y_train": y, "x_test": x, "y_test": y}, "holds NaN or infinity"),
    "objects": ({"x": np.array([Evil()] * 20, dtype=object), "y": y}, "holds Python objects"),
    "strings": ({"x": np.array([["a"]] * 20), "y": y}, "is <U1 of shape"),
    "float labels": ({"x": x, "y": y + 0.5}, "labels must be integers"),
    "a gap in the labels": ({"x": x, "y": y * 2}, "the labels .* are 0, 2; number the classes"),
    "negative labels": ({"x": x, "y": y - 1}, "number the classes 0, 1, 2"),
    "one class": ({"x": x, "y": y * 0}, "number the classes 0, 1, 2"),
    "label beyond int64": ({"x": x, "y": y + np.uint64(2**63)}, "labels must be integers"),
    "a test label outside": (
        {"x_train": x, "y_train": y, "x_test": x, "y_test": y * 5},
        "label 5 of sample 1 in the test",
    ),
    "shapes differ": ({"x_train": x, "y_train": y, "x_test": x[:, :2], "y_test": y}, "make them equal"),
    "float images": ({"x": x.reshape(20, 3, 1), "y": y}, "is float64 of shape"),
    "empty": ({"x": x[:0], "y": y[:0]}, "is empty"),
    "a scalar": ({"x": np.float64(1), "y": y}, "every sample needs one label"),
    "classes of numbers": ({"x": x, "y": y, "classes": np.arange(2)}, "classes .* strings"),
}


@pytest.mark.parametrize("case", BAD_NPZ)
def test_bad_npz(tmp_path, case, capfd):
    arrays, match = BAD_NPZ[case]
    np.savez(tmp_path / "a.npz", **arrays)
    refused(match, "npz", path=tmp_path / "a.npz")
    assert capfd.readouterr().err == ""


def test_an_npy_header_that_lies_allocates_nothing(tmp_path):
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": "<f8", "fortran_order": False, "shape": (10**12, 4)})
    refused("announces 32000000000000 bytes", "npz", path=df.in_zip(tmp_path / "a.npz", {"x.npy": out.getvalue()}))
