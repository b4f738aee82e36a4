"""Mistakes in MNIST, CIFAR-10, FER2013 and their places are one clear sentence: what, where, what to do."""

import gzip
import pickle
import struct

import numpy as np
import pytest

from backhand.data.formats.cifar_pickle import read_batch
from backhand.errors import DataError
from tests.data import datafiles as df
from tests.data.datafiles import Evil, refused

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


# Names and places


def test_an_unknown_name_gets_the_closest_one():
    refused('unknown data set "minst"; did you mean "mnist"', "minst")


def test_not_found_says_where_and_how(tmp_path):
    message = refused("was not found: none of", "mnist", data_dir=tmp_path)
    assert str(tmp_path) in message
    assert str(tmp_path / "mnist") in message
    assert "backhand data fetch mnist" in message
    assert "kaggle" in refused("was not found: none of", "fer2013", data_dir=tmp_path)


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
    "truncated batch": ("bin", df.binary_batch(good_x, good_y)[:-1], "not a multiple of 3073"),
    "empty batch": ("bin", b"", "not a multiple of 3073"),
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
    message = refused(match, "cifar10", path=path)
    assert "data_batch_3" in message
    assert str(path) in message


@pytest.mark.parametrize("packed", ["zip", "tar"])
def test_truncated_archives(tmp_path, packed):
    path = df.PACKERS[packed](tmp_path / "cifar10", df.cifar_files("bin"))
    path.write_bytes(path.read_bytes()[:-3000])
    refused("truncated or damaged", "cifar10", path=path)


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
    "behind the largest": ("emotion,pixels,Usage\n" + ROW.replace("7 7 7", "7 255 x", 1) + "\n", "pixel 2 is 'x'"),
    "above 255": ("emotion,pixels,Usage\n" + ROW.replace("7 7", "7 256", 1) + "\n", "line 2: pixel 1 is '256'"),
    "a fraction": ("emotion,pixels,Usage\n" + ROW.replace("7 7", "7 1.5", 1) + "\n", "line 2: pixel 1 is '1.5'"),
    "emotion outside": (f"emotion,pixels,Usage\n{ROW}\n7{ROW[1:]}\n", "line 3: emotion is '7', not 0 to 6"),
    "unknown usage": (f"emotion,pixels,Usage\n{ROW}ing\n", "line 2: Usage is 'Traininging'"),
    "missing value": (f"emotion,pixels,Usage\n{ROW}\n1,2\n", "line 3: 2 columns where the first line names 3"),
    "one split": (f"emotion,pixels,Usage\n{ROW}\n", "has no test split"),
    "blank lines first": (f"\n,,\nemotion,pixels,Usage\n{ROW}\n1,2\n", "line 5: 2 columns where the first line"),
    "a column twice": (f"emotion,Emotion,pixels,Usage\n1,{ROW}\n", "has 2 columns emotion; .*, each once"),
    "Latin-1": ("emotion,pixels,Usage\n\udcff\udcfe\n", "line 2 is not UTF-8; save the file as UTF-8"),
    "UTF-16": ("\udcff\udcfee\0m\0o\0", "is not UTF-8 but UTF-16; save it as UTF-8"),
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
