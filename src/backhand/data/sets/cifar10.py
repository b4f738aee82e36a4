"""CIFAR-10: 60,000 colour photographs of ten kinds of things, 32 x 32 pixels."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backhand.data.dataset import Dataset, Splits
from backhand.data.entry import OnDisk
from backhand.data.files import digest_of
from backhand.data.formats.cifar_pickle import read_batch as read_python_batch
from backhand.data.formats.image_tree import Layout, read_pictures
from backhand.data.formats.trees import open_tree
from backhand.data.provenance import Publication, PublishedFile
from backhand.errors import DataError

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
RECORD = 1 + 3 * 32 * 32  # a label, followed by the red, green and blue planes
TRAIN, TEST = tuple(f"data_batch_{i}" for i in range(1, 6)), ("test_batch",)

Batch = tuple[NDArray[np.uint8], NDArray[np.int64]]
_HOST = "https://www.cs.toronto.edu/~kriz/"
ORIGINALS = (
    PublishedFile(
        "cifar-10-binary.tar.gz",
        (f"{_HOST}cifar-10-binary.tar.gz",),
        "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    ),
    PublishedFile("cifar-10-python.tar.gz", (), "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"),
)
# The published MD5 of the batches in the Python archive; none is published for the binary batches.
PYTHON_BATCHES = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}
PUBLISHED = Publication(
    "CIFAR-10",
    "60,000 colour photographs of 32 x 32 pixels (Krizhevsky, 2009)",
    "colour pictures of 32 x 32 pixels",
    {"train": (5000,) * 10, "test": (1000,) * 10},
)


def load(path: Path, *, skip_bad_images: bool) -> Splits:
    """Load CIFAR-10 from its binary or Python archive, packed or unpacked, or from a folder or archive of pictures.

    The pictures are train|test/<class>/<name>.jpg or .png. Source: Krizhevsky (2009).
    """
    with open_tree(path) as tree:
        names = {name.split("/")[-1]: name for name in tree.names() if not name.endswith("/")}
        for suffix, read in READERS.items():
            if f"{TRAIN[0]}{suffix}" in names:
                wanted = {batch: _member(names, batch + suffix, path) for batch in TRAIN + TEST}
                content = dict(tree.items(wanted.values()))
                matches = _matches_published(path, {batch: content[name] for batch, name in wanted.items()}, suffix)
                batches = {b: _read_checked(content.pop(n), f"{path}: {n}", read) for b, n in wanted.items()}
                return _splits({"train": _join(batches, TRAIN), "test": _join(batches, TEST)}, matches)
    layout = Layout("cifar10", CLASSES, "RGB")
    pictures = read_pictures(path, layout, skip_bad=skip_bad_images)
    if not {"train", "test"} <= set(pictures.splits):
        raise DataError(f"{path} must hold the folders train and test; it has {', '.join(pictures.splits)}")
    if pictures.splits["train"].x.shape[1:] != (32, 32, 3):
        raise DataError(f"the images of {path} are not 32 x 32; this is not CIFAR-10")
    form = "PNG" if any(name.lower().endswith(".png") for name in names) else "JPEG"
    return _splits(pictures.splits, None, f"{form} copy", pictures.notes)


def _splits(
    splits: dict[str, Dataset], matches: bool | None, copy: str = "", notes: dict[str, str] | None = None
) -> Splits:
    source = PUBLISHED.source(splits, "", matches=matches, copy=copy)
    return Splits("cifar10", CLASSES, splits["train"], splits["test"], source=source, notes=notes or {})


def _matches_published(path: Path, batches: Mapping[str, bytes], suffix: str) -> bool | None:
    """Whether the archive or its Python batches are the published ones; None for binary batches in another archive."""
    if path.is_file() and digest_of(path) in {original.sha256 for original in ORIGINALS}:
        return True
    if suffix:
        return None
    return all(hashlib.md5(batches[name]).hexdigest() == digest for name, digest in PYTHON_BATCHES.items())


def _member(names: Mapping[str, str], file: str, path: Path) -> str:
    if file not in names:
        raise DataError(f"{path} lacks {file}; get a complete copy with `backhand data fetch cifar10`")
    return names[file]


def read_binary_batch(data: bytes, where: str) -> Batch:
    """Read one binary batch, x (N, 3072) and y (N,): records of a label byte and 3072 pixel bytes, nothing else."""
    if not data or len(data) % RECORD:
        raise DataError(
            f"{where} has {len(data)} bytes, which is not a multiple of {RECORD}; it is truncated: fetch it again"
        )
    records = np.frombuffer(data, np.uint8).reshape(-1, RECORD)
    return records[:, 1:], records[:, 0].astype(np.int64)


READERS: dict[str, Callable[[bytes, str], Batch]] = {".bin": read_binary_batch, "": read_python_batch}


def _read_checked(data: bytes, where: str, read: Callable[[bytes, str], Batch]) -> Batch:
    x, y = read(data, where)
    if len(x) != len(y):
        raise DataError(f"{where} holds {len(x)} images but {len(y)} labels; fetch the archive again")
    outside = np.flatnonzero((y < 0) | (y > 9))
    if len(outside):
        raise DataError(
            f"{where}: label {y[outside[0]]} of image {outside[0]} is outside 0 to 9; fetch the archive again"
        )
    return x, y


def _join(batches: Mapping[str, Batch], names: tuple[str, ...]) -> Dataset:
    """Concatenate batches; planes (N, 3, 32, 32) become channels-last (N, 32, 32, 3)."""
    x = np.concatenate([batches[name][0] for name in names]).reshape(-1, 3, 32, 32)
    return Dataset(np.ascontiguousarray(x.transpose(0, 2, 3, 1)), np.concatenate([batches[name][1] for name in names]))


ENTRY = OnDisk(
    "cifar10",
    "60,000 photographs, 32 x 32 RGB",
    "10",
    lambda path, options: options.convert(load(path, skip_bad_images=options.skip_bad_images)),
    files=(
        "cifar-10-binary.tar.gz",
        "cifar-10-python.tar.gz",
        "cifar-10-batches-bin",
        "cifar-10-batches-py",
        "cifar10[!0]*tar.gz",  # and not CIFAR-100
        "cifar10[!0]*zip",
        "cifar-10[!0]*zip",
    ),
    marker_files=("data_batch_1", "data_batch_1.bin", "train"),
    published_files=ORIGINALS,
    publication=PUBLISHED,
    instructions="get it with `backhand data fetch cifar10`",
)
