"""A report names the authors of a data set only where checksums, or else counts, are those that they published."""

import gzip
import hashlib
import shutil
from dataclasses import replace

import numpy as np
import pytest

from backhand.data import DATASETS, Dataset, load
from backhand.data.entry import ReadOptions
from backhand.data.provenance import Publication, PublishedFile
from backhand.data.sets import cifar10, emnist, fashion_mnist, fer2013, kmnist, mnist
from backhand.data.verify import verify
from backhand.errors import DataError
from tests.data import datafiles as df

PARTS = ("train", "t10k")


def idx_files(stems, arrays, suffix=".gz"):
    """Name to content of four IDX files. arrays: (x, y) for training and testing."""
    pack = (lambda c: gzip.compress(c, mtime=0)) if suffix else bytes
    files = {}
    for stem, (x, y) in zip(stems, arrays, strict=True):
        files[f"{stem}-images-idx3-ubyte{suffix}"] = pack(df.idx(x))
        files[f"{stem}-labels-idx1-ubyte{suffix}"] = pack(df.idx(y))
    return files


def small(classes, first=0, per_class=2):
    """Random images of which every class has some, for training and testing."""
    y = np.repeat(np.arange(first, first + classes, dtype=np.uint8), per_class)
    return [(df.noise(len(y), 28, 28, seed=seed), y) for seed in (1, 2)]


# What is said of MNIST's files


def test_other_images_under_mnists_names_are_not_called_mnist(tmp_path):
    files = idx_files(PARTS, small(10))
    splits = load("mnist", path=df.in_folder(tmp_path, files))
    assert splits.source == (
        "Data in the form of MNIST, 40 grey images of 28 x 28 pixels, not those published: "
        "the train split has 20 samples, not 60,000"
    )
    assert splits.title == "Data in the form of MNIST"


def test_checksums_decide_even_where_all_counts_are_those_of_mnist(real_data, tmp_path):
    if not (real_data / "mnist").is_dir():
        pytest.skip("MNIST is not here")
    folder = shutil.copytree(real_data / "mnist", tmp_path / "mnist", copy_function=shutil.copyfile)
    assert load("mnist", path=folder).source.startswith("MNIST, 70,000 handwritten digits of 28 x 28 pixels (LeCun")
    name = "t10k-images-idx3-ubyte.gz"
    content = bytearray(gzip.decompress((folder / name).read_bytes()))
    content[5000] ^= 1
    (folder / name).write_bytes(gzip.compress(bytes(content), 1))
    assert load("mnist", path=folder).source == (
        "Data in the form of MNIST, 70,000 grey images of 28 x 28 pixels, not those published: the checksums differ"
    )


@pytest.fixture
def published(tmp_path):
    """A tiny data set whose checksums and counts are known, and the folder of its files."""
    files = idx_files(PARTS, small(10))
    originals = tuple(
        PublishedFile(name, (), hashlib.sha256(c).hexdigest(), hashlib.sha256(gzip.decompress(c)).hexdigest())
        for name, c in files.items()
    )
    about = Publication("Tiny", "40 images (Author, 1999)", "grey images", {"train": (2,) * 10, "test": (2,) * 10})
    return replace(mnist.MNIST, name="tiny", publication=about, published_files=originals), files


@pytest.mark.parametrize("form", ["packed", "packed anew", "plain", "zip"])
def test_published_files_are_named_in_whatever_form(tmp_path, published, form):
    tiny, files = published
    forms = {
        "packed anew": {name: gzip.compress(gzip.decompress(c), 1, mtime=9) for name, c in files.items()},
        "plain": {name.removesuffix(".gz"): gzip.decompress(c) for name, c in files.items()},
    }
    content = forms.get(form, files)
    path = df.in_zip(tmp_path / "a.zip", content) if form == "zip" else df.in_folder(tmp_path, content)
    assert tiny.load(path).source == "Tiny, 40 images (Author, 1999), from its IDX files"


def test_without_a_checksum_for_the_form_the_counts_decide(tmp_path, published):
    tiny, files = published
    unknown = replace(tiny, published_files=tuple(replace(o, unpacked_sha256="") for o in tiny.published_files))
    path = df.in_folder(tmp_path / "plain", {n.removesuffix(".gz"): gzip.decompress(c) for n, c in files.items()})
    said = "Tiny, 40 images (Author, 1999), from its IDX files, known by their counts alone"
    assert unknown.load(path).source == said
    fewer = idx_files(PARTS, [(x[1:], y[1:]) for x, y in small(10)], "")
    path = df.in_folder(tmp_path / "fewer", fewer)
    assert "not those published: the train split has 19 samples, not 20" in unknown.load(path).source
    moved = idx_files(PARTS, [(x, np.where(np.arange(20) == 0, 1, y).astype(np.uint8)) for x, y in small(10)], "")
    path = df.in_folder(tmp_path / "moved", moved)
    assert "class 0 has 1 samples in the train split, not 2" in unknown.load(path).source


def test_a_part_or_a_class_that_is_missing_is_a_difference():
    about = Publication("Tiny", "", "", {"train": (2, 1), "test": 1})
    splits = {"train": Dataset(np.zeros((3, 1)), np.array([0, 0, 0]))}
    assert about.first_difference(splits) == "class 0 has 3 samples in the train split, not 2"
    splits["train"] = Dataset(np.zeros((3, 1)), np.array([0, 1, 0]))
    assert about.first_difference(splits) == "the test split has 0 samples, not 1"
    assert about.first_difference(splits | {"test": splits["train"].take(slice(1))}) == ""


def test_verify_says_whose_files_they_are(tmp_path, published, monkeypatch):
    tiny, files = published
    path = df.in_folder(tmp_path, files)
    entry = tiny.entry("a tiny set", ("train-images-idx3-ubyte.gz",), ("tiny",))
    monkeypatch.setitem(DATASETS, "tiny", entry)
    with pytest.raises(DataError, match=r"it is the train-images-idx3-ubyte\.gz of tiny: name that data set"):
        verify("mnist", path=path)
    assert len(verify("tiny", path=path).findings) == 5


def test_verify_asks_no_checksum_of_a_form_that_has_none(tmp_path, published, monkeypatch):
    tiny, files = published
    unknown = replace(tiny, published_files=tuple(replace(o, unpacked_sha256="") for o in tiny.published_files))
    path = df.in_folder(tmp_path / "plain", {n.removesuffix(".gz"): gzip.decompress(c) for n, c in files.items()})
    entry = unknown.entry("a tiny set", ("train-images-idx3-ubyte",), ("tiny",))
    monkeypatch.setitem(DATASETS, "tiny", entry)
    assert verify("tiny", path=path).findings == (
        "plain: no checksum is published for this form",
        "every split has the published number of samples",
    )


# Other data sets of this form


@pytest.mark.parametrize(("name", "module"), [("fashion_mnist", fashion_mnist), ("kmnist", kmnist)])
@pytest.mark.parametrize("suffix", [".gz", ""])
def test_sets_under_mnists_names_lie_in_folders_of_their_own(tmp_path, name, module, suffix):
    df.in_folder(tmp_path, idx_files(PARTS, small(10), suffix))
    df.refused(f"{name} was not found: none of .*{name}", name, data_dir=tmp_path)
    folder = tmp_path / module.ENTRY.subfolders[-1]
    [(x, _), _] = arrays = small(10, per_class=3)
    df.in_folder(folder, idx_files(PARTS, arrays, suffix))
    splits = load(name, data_dir=tmp_path)
    np.testing.assert_array_equal(splits.train.x[..., 0], x)
    assert splits.classes == module.ENTRY.read(folder, ReadOptions()).classes
    assert splits.source.startswith(f"Data in the form of {module.PUBLISHED.title}, 60 grey")
    df.in_folder(tmp_path / name, idx_files(PARTS, small(10, per_class=4), suffix))
    assert len(load(name, data_dir=tmp_path).train) == 40  # the folder of its own name comes first
    assert len(load("mnist", data_dir=tmp_path).train) == 20
    assert len(load("mnist", path=folder).train) == 30


def test_fashion_mnist_names_clothes():
    assert fashion_mnist.CLASSES[0] == "T-shirt/top"
    assert fashion_mnist.CLASSES[9] == "Ankle boot"
    assert len(set(fashion_mnist.CLASSES)) == 10


EMNIST = {entry.name: entry for entry in emnist.ENTRIES}
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CLASSES = {
    "balanced": "0123456789" + LETTERS + "abdefghnqrt",
    "byclass": "0123456789" + LETTERS + LETTERS.lower(),
    "bymerge": "0123456789" + LETTERS + "abdefghnqrt",
    "digits": "0123456789",
    "letters": LETTERS,
    "mnist": "0123456789",
}


@pytest.mark.parametrize("division", CLASSES)
@pytest.mark.parametrize("form", ["archive", "folder"])
def test_emnist_is_turned_and_its_letters_begin_at_one(tmp_path, division, form):
    first = 1 if division == "letters" else 0
    [(x, y), _] = arrays = small(len(CLASSES[division]), first)
    files = idx_files([f"emnist-{division}-{split}" for split in ("train", "test")], arrays)
    if form == "archive":
        df.in_zip(tmp_path / "emnist" / "gzip.zip", {f"gzip/{name}": content for name, content in files.items()})
    else:
        df.in_folder(tmp_path / "EMNIST" / "raw" / "gzip", files)
    splits = load(f"emnist_{division}", data_dir=tmp_path)
    np.testing.assert_array_equal(splits.train.x[..., 0], x.transpose(0, 2, 1))
    np.testing.assert_array_equal(splits.train.y, y.astype(int) - first)
    assert "".join(splits.classes) == CLASSES[division]


def test_emnist_counts_add_up_to_the_published_totals():
    totals = {"balanced": 131_600, "byclass": 814_255, "digits": 280_000, "letters": 145_600, "mnist": 70_000}
    for division, total in totals.items():
        counts = EMNIST[f"emnist_{division}"].publication.counts.values()
        assert sum(count if isinstance(count, int) else sum(count) for count in counts) == total


def test_a_letter_beyond_the_alphabet(tmp_path):
    for y in (np.array([0, 1], np.uint8), np.array([1, 27], np.uint8)):
        arrays = [(df.noise(2, 28, 28), y)] * 2
        df.in_folder(tmp_path, idx_files(["emnist-letters-train", "emnist-letters-test"], arrays))
        df.refused("is outside 1 to 26", "emnist_letters", path=tmp_path)


def test_an_archive_as_published_needs_no_other_checksum(tmp_path, published):
    tiny, files = published
    path = df.in_zip(tmp_path / "a.zip", files)
    archive = PublishedFile("a.zip", sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    assert (
        replace(tiny, published_files=(archive,)).load(path).source
        == "Tiny, 40 images (Author, 1999), from its IDX files"
    )
    other = replace(archive, sha256="0")
    assert replace(tiny, published_files=(other,)).load(path).source.endswith("known by their counts alone")


def test_other_bytes_are_not_those_published_though_all_counts_are(tmp_path, published):
    tiny, files = published
    [(_, y), _] = arrays = small(10)
    changed = idx_files(PARTS, [(df.noise(len(y), 28, 28, seed=9), y), arrays[1]])
    source = tiny.load(df.in_folder(tmp_path, files | changed)).source
    assert source.endswith("not those published: the checksums differ")


# CIFAR-10 and FER2013


@pytest.mark.parametrize("form", ["bin", "py"])
def test_cifar10_is_known_by_checksums_where_there_are_some_and_else_by_its_counts(tmp_path, monkeypatch, form):
    small = replace(cifar10.PUBLISHED, counts={"train": (5,) * 10, "test": (1,) * 10})
    monkeypatch.setattr(cifar10, "PUBLISHED", small)
    path = df.in_zip(tmp_path / "a.zip", df.cifar_files(form))
    said = {"bin": f"CIFAR-10, {small.content}", "py": "Data in the form of CIFAR-10, 60 colour pictures"}
    assert load("cifar10", path=path).source.startswith(said[form])
    archive = PublishedFile("a.zip", sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    monkeypatch.setattr(cifar10, "ORIGINALS", (archive,))
    assert load("cifar10", path=path).source == f"CIFAR-10, {small.content}"


def test_other_pictures_in_cifar10s_form(tmp_path):
    for form in ("bin", "py"):
        splits = load("cifar10", path=df.in_folder(tmp_path / form, df.cifar_files(form)))
        assert splits.source.startswith("Data in the form of CIFAR-10, 60 colour pictures of 32 x 32 pixels, not those")
    files = df.picture_tree(("train", "test"), df.CIFAR, (32, 32, 3))
    splits = load("cifar10", path=df.in_folder(tmp_path / "png", files))
    assert splits.title == "Data in the form of CIFAR-10 (PNG copy)"


def test_the_python_batches_are_known_by_their_checksums(tmp_path, monkeypatch):
    files = df.cifar_files("py")
    digests = {n: hashlib.md5(files[f"cifar-10-batches-py/{n}"]).hexdigest() for n in df.BATCHES}
    monkeypatch.setattr(cifar10, "PYTHON_BATCHES", digests)
    path = df.in_zip(tmp_path / "a.zip", files)
    assert load("cifar10", path=path).source == f"CIFAR-10, {cifar10.PUBLISHED.content}"


def test_fer2013_is_known_by_the_checksum_of_its_table_cold_and_warm(tmp_path, monkeypatch):
    content = df.fer_csv()
    path = df.in_zip(tmp_path / "faces.zip", {"fer2013.csv": content})
    for _ in range(2):
        assert load("fer2013", path=path).source == (
            "Data in the form of FER2013, 42 grey pictures of 48 x 48 pixels, not those published: "
            "the train split has 14 samples, not 28,709"
        )
    monkeypatch.setenv("BACKHAND_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(fer2013, "ORIGINALS", (PublishedFile("fer2013.csv", md5=hashlib.md5(content).hexdigest()),))
    for _ in range(2):
        assert load("fer2013", path=path).source == f"FER2013, {fer2013.PUBLISHED.content}, from the CSV file"
