"""Every form of every data set, from small files."""

import pickle
import warnings

import numpy as np
import pytest

from backhand.data import load
from backhand.data.formats import trees
from backhand.data.formats.resize import Resize
from tests.data import datafiles as df


@pytest.mark.parametrize("suffix", [".gz", ""])
def test_mnist(tmp_path, suffix):
    df.in_folder(tmp_path / "mnist", df.mnist_files(suffix))
    splits = load("mnist", data_dir=tmp_path)
    x, y = df.mnist_arrays(20, seed=20)
    np.testing.assert_array_equal(splits.train.x, x[..., None])
    np.testing.assert_array_equal(splits.train.y, y)
    assert splits.train.y.dtype == np.int64
    assert len(splits.test) == 10
    assert splits.classes == tuple("0123456789")


def test_mnist_by_folder_by_file_and_beside_the_folder(tmp_path):
    df.in_folder(tmp_path, df.mnist_files())
    name = "train-labels-idx1-ubyte.gz"
    for given in ({"path": tmp_path}, {"path": tmp_path / name}, {"data_dir": tmp_path}):
        assert len(load("mnist", **given).train) == 20


def test_of_several_copies_in_an_archive_the_outermost_is_read(tmp_path):
    files, others = df.mnist_files(), {f"old/{name}": b"" for name in df.mnist_files()}
    for name, order in (("a.zip", others | files), ("b.zip", files | others)):
        splits = load("mnist", path=df.in_zip(tmp_path / name, order))
        assert (splits.name, len(splits.train)) == ("mnist", 20)
    df.in_folder(tmp_path / "mnist" / "deeper", files)
    df.refused("holds no train-images-idx3-ubyte", "mnist", path=tmp_path / "mnist")


def expected_cifar(batches):
    x = np.concatenate([df.cifar_batch(i)[0] for i in batches]).reshape(-1, 3, 32, 32)
    return np.moveaxis(x, 1, -1), np.concatenate([df.cifar_batch(i)[1] for i in batches])


@pytest.mark.parametrize("form", ["bin", "py"])
@pytest.mark.parametrize("packed", ["folder", "tar", "zip"])
def test_cifar10_batches(tmp_path, form, packed):
    name = {"tar": f"cifar-10-{'binary' if form == 'bin' else 'python'}.tar.gz", "zip": "cifar10.zip", "folder": "."}[
        packed
    ]
    df.PACKERS[packed](tmp_path / name, df.cifar_files(form))
    splits = load("cifar10", data_dir=tmp_path)
    for split, batches in ((splits.train, range(5)), (splits.test, [5])):
        x, y = expected_cifar(batches)
        np.testing.assert_array_equal(split.x, x)
        np.testing.assert_array_equal(split.y, y)
    assert splits.classes == df.CIFAR


def test_an_empty_folder_of_a_published_name_is_passed_over(tmp_path):
    (tmp_path / "cifar-10-batches-bin").mkdir()
    df.in_folder(tmp_path, df.cifar_files("py"))
    assert len(load("cifar10", data_dir=tmp_path).train) == 50


def test_the_crafted_pickle_is_one_that_numpy_reads():
    x, y = df.cifar_batch(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        batch = pickle.loads(df.python2_pickle(x, y), encoding="bytes")
    np.testing.assert_array_equal(batch[b"data"], x)
    assert batch[b"labels"] == y.tolist()
    assert len(batch[b"filenames"]) == 10


@pytest.mark.parametrize("packed", df.PACKERS)
def test_cifar10_pictures_keep_the_official_class_order(tmp_path, packed):
    files = df.picture_tree(("train", "test"), df.CIFAR, (32, 32, 3))
    path = df.PACKERS[packed](tmp_path / "cifar10-images", files)
    splits = load("cifar10", path=path)
    assert splits.classes == df.CIFAR
    assert splits.train.y.tolist() == [k for k in range(10) for _ in range(3)]
    np.testing.assert_array_equal(splits.train.x[3], df.noise(32, 32, 3, seed=4))
    assert "PNG copy" in splits.source


def test_cifar10_pictures_are_read_in_colour_and_bad_ones_skipped(tmp_path):
    files = df.picture_tree(("train", "test"), df.CIFAR, (32, 32, 1), suffix="jpg")
    path = df.in_folder(tmp_path / "grey", files | {"train/cat/9.jpg": b"none"})
    df.refused("9.jpg is not an image", "cifar10", path=path)
    splits = load("cifar10", path=path, skip_bad_images=True)
    assert splits.train.x.shape == (30, 32, 32, 3)
    assert splits.notes["skipped images"] == "1: train/cat/9.jpg"
    assert splits.name == "cifar10"
    assert "JPEG copy" in splits.source


FER_COLUMNS = {
    "fer2013.csv": ("emotion", "pixels", "Usage"),
    "icml_face_data.csv": ("emotion", " Usage", " pixels"),
}


@pytest.mark.parametrize("name", FER_COLUMNS)
@pytest.mark.parametrize("packed", ["plain", "zip", "tar"])
def test_fer2013_csv(tmp_path, name, packed):
    content = df.fer_csv(FER_COLUMNS[name])
    path = tmp_path / name
    if packed == "plain":
        path.write_bytes(content)
    else:
        path = df.PACKERS[packed](tmp_path / "faces", {f"fer2013/{name}": content, "fer2013/README": b"?"})
    splits = load("fer2013", path=path)
    assert splits.classes == df.FER
    assert {split: len(data) for split, data in splits.by_name.items()} == {"train": 14, "validation": 14, "test": 14}
    np.testing.assert_array_equal(splits.test.x[5].ravel(), df.noise(2304, seed=5))
    assert splits.test.y.tolist() == [i % 7 for i in range(14)]


@pytest.mark.parametrize("packed", df.PACKERS)
def test_fer2013_pictures_with_official_splits(tmp_path, packed):
    files = df.picture_tree(("Training", "PublicTest", "PrivateTest"), df.FER, (48, 48, 1), suffix="jpg")
    splits = load("fer2013", path=df.PACKERS[packed](tmp_path / "fer2013-images", files))
    assert splits.classes == df.FER
    assert {split: data.x.shape for split, data in splits.by_name.items()} == dict.fromkeys(
        ("train", "validation", "test"), (21, 48, 48, 1)
    )


def test_fer2013_in_two_folders_takes_the_official_split_from_the_names(tmp_path):
    files = {}
    for split, prefix in (("train", "Training"), ("test", "PublicTest"), ("test", "PrivateTest")):
        for label in df.FER:
            files[f"archive/{split}/{label}/{prefix}_7.jpg"] = df.picture(df.noise(48, 48, 1), "JPEG")
    splits = load("fer2013", path=df.in_zip(tmp_path / "archive.zip", files))
    assert {split: len(data) for split, data in splits.by_name.items()} == {"train": 7, "validation": 7, "test": 7}


def test_fer2013_takes_no_other_word_of_a_name_for_a_split(tmp_path):
    files = {}
    for split, prefix in (("Training", "test"), ("PublicTest", "train"), ("PrivateTest", "validation")):
        for label in df.FER:
            files[f"{split}/{label}/{prefix}_7.jpg"] = df.picture(df.noise(48, 48, 1), "JPEG")
    files |= {name.replace("_7", "_8"): content for name, content in files.items() if name.startswith("Training")}
    splits = load("fer2013", path=df.in_folder(tmp_path, files))
    assert {split: len(data) for split, data in splits.by_name.items()} == {"train": 14, "validation": 7, "test": 7}


@pytest.mark.parametrize("packed", df.PACKERS)
@pytest.mark.parametrize("suffix", ["png", "jpg", "jpeg"])
def test_own_pictures_with_splits(tmp_path, packed, suffix):
    files = df.picture_tree(("train", "val", "test"), ("dog", "cat"), suffix=suffix)
    files |= {"train/.DS_Store": b"?", "__MACOSX/train/cat/._0.png": b"?", "train/cat/notes.txt": b"?"}
    splits = load("images", path=df.PACKERS[packed](tmp_path / "pets", files))
    assert splits.classes == ("cat", "dog")
    assert {split: len(data) for split, data in splits.by_name.items()} == {"train": 6, "validation": 6, "test": 6}
    if suffix == "png":
        np.testing.assert_array_equal(splits.train.x[0], df.noise(8, 8, 3, seed=4))


@pytest.mark.parametrize("packed", df.PACKERS)
@pytest.mark.parametrize("outer", ["", "pets/", "a/b/c/"])
@pytest.mark.parametrize("splits", [("train", "test"), ("",)])
def test_folders_that_hold_everything_are_passed(tmp_path, packed, outer, splits):
    files = df.picture_tree(splits, ("dog", "cat"), per_class=5)
    files = {f"{outer}{name}": content for name, content in files.items()} | {f"{outer}val": b"a file of that name"}
    found = load("images", path=df.PACKERS[packed](tmp_path / "own", files))
    assert found.classes == ("cat", "dog")
    assert sum(map(len, found.by_name.values())) == len(files) - 1


@pytest.mark.parametrize(("train", "test", "why"), [(1, 16, "closer together"), (16, 1, "brighter than")])
def test_own_test_pictures_on_another_scale_are_said_aloud(tmp_path, train, test, why):
    files = {
        f"{split}/{label}/{n}.png": df.picture(df.noise(8, 8, 1, seed=n) // divisor)
        for split, divisor in (("train", train), ("test", test))
        for label in ("cat", "dog")
        for n in range(3)
    }
    splits = load("images", path=df.in_folder(tmp_path / "pets", files))
    assert why in splits.notes["range of the test samples"]


def test_own_pictures_without_splits_get_the_same_test_split_each_time(tmp_path):
    path = df.in_folder(tmp_path / "pets", df.picture_tree(("",), ("dog", "cat"), per_class=10, shape=(8, 8, 1)))
    first, second = load("images", path=path), load("images", path=path)
    assert first.test.x.shape == (4, 8, 8, 1)
    assert first.test.y.tolist() == [0, 0, 1, 1]
    np.testing.assert_array_equal(first.test.x, second.test.x)


@pytest.mark.parametrize("grey_first", [True, False])
def test_grey_pictures_among_coloured_ones_become_rgb(tmp_path, grey_first):
    grey, colour = df.noise(8, 8, 1), df.noise(8, 8, 3)
    names = ("a/0.png", "a/1.png") if grey_first else ("a/1.png", "a/0.png")
    files = {"b/0.png": df.picture(colour), "b/1.png": df.picture(colour)}
    files |= {names[0]: df.picture(grey), names[1]: df.picture(colour)}
    files = {f"{split}/{name}": content for split in ("train", "test") for name, content in files.items()}
    x = load("images", path=df.in_folder(tmp_path / "mixed", files)).train.x
    np.testing.assert_array_equal(x[0 if grey_first else 1], np.repeat(grey, 3, axis=-1))
    np.testing.assert_array_equal(x[1 if grey_first else 0], colour)


def test_npz_with_and_without_test_split(tmp_path):
    x, y = np.random.default_rng(0).normal(size=(20, 3)), np.arange(20) % 2
    np.savez(tmp_path / "whole.npz", x=x, y=y)
    np.savez_compressed(tmp_path / "split.npz", x_train=x, y_train=y, x_test=x[:4], y_test=y[:4], classes=["no", "yes"])
    whole, split = (load("npz", path=tmp_path / name) for name in ("whole.npz", "split.npz"))
    assert (len(whole.train), len(whole.test), whole.classes) == (16, 4, ("0", "1"))
    assert split.classes == ("no", "yes")
    assert (whole.name, whole.source) == ("npz", "the arrays of whole.npz")
    np.testing.assert_array_equal(split.train.x, x)


def test_npz_images_get_a_channel_axis(tmp_path):
    x = np.asfortranarray(df.noise(20, 5, 4))
    np.savez(tmp_path / "a.npz", x=x, y=np.arange(20) % 2)
    splits = load("npz", path=tmp_path / "a.npz")
    assert splits.train.x.shape == (16, 5, 4, 1)
    assert splits.train.x.dtype == np.uint8
    assert splits.train.is_image


def test_a_tar_is_read_in_its_own_order(tmp_path):
    files = {name: name.encode() for name in ("c", "a", "b")}
    with trees.open_tree(df.in_tar(tmp_path / "a.tar", files, "w")) as tree:
        assert tree.names() == ["a", "b", "c"]
        assert list(tree.items(["a", "c"])) == [("c", b"c"), ("a", b"a")]


def test_images_of_any_data_set_come_in_the_colour_and_size_that_are_asked_for(tmp_path):
    grey = load("digits")
    coloured = load("digits", colour="RGB", resize=Resize((16, 12)))
    assert coloured.train.x.shape[1:] == (16, 12, 3)
    np.testing.assert_array_equal(load("digits", colour="RGB").test.x, np.repeat(grey.test.x, 3, axis=3))
    np.testing.assert_array_equal(coloured.train.y, grey.train.y)
    np.savez(tmp_path / "a.npz", x=df.noise(20, 9, 5, 3), y=np.arange(20) % 2)
    assert load("npz", path=tmp_path / "a.npz", colour="L", resize=Resize((8, 8))).train.x.shape == (16, 8, 8, 1)
    path = df.in_folder(tmp_path / "pets", df.picture_tree(("train", "test"), ("cat", "dog")))
    assert load("images", path=path, colour="L").train.x.shape == (6, 8, 8, 1)


def test_fer2013_pictures_are_read_in_grey_and_bad_ones_skipped(tmp_path):
    files = df.picture_tree(("Training", "PublicTest", "PrivateTest"), df.FER, (48, 48, 3), suffix="jpg")
    path = df.in_folder(tmp_path / "faces", files | {"Training/sad/9.jpg": b"none"})
    df.refused("9.jpg is not an image", "fer2013", path=path)
    splits = load("fer2013", path=path, skip_bad_images=True)
    assert (splits.name, splits.train.x.shape) == ("fer2013", (21, 48, 48, 1))
    assert splits.notes == {"skipped images": "1: Training/sad/9.jpg"}
