"""CIFAR-10: 60,000 colour photographs of ten kinds of things, 32 x 32 pixels."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backhand.data.dataset import Dataset, Splits
from backhand.data.entry import OnDisk, Original
from backhand.data.formats.cifar_pickle import read_batch as read_python_batch
from backhand.data.formats.image_tree import Layout, read_pictures
from backhand.data.formats.trees import open_tree
from backhand.errors import DataError

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
RECORD = 1 + 3 * 32 * 32  # a label, then the red, green and blue planes
TRAIN, TEST = tuple(f"data_batch_{i}" for i in range(1, 6)), ("test_batch",)

Batch = tuple[NDArray[np.uint8], NDArray[np.int64]]


def load(path: Path, *, skip_bad_images: bool = False) -> Splits:
    """CIFAR-10 from its binary or Python archive, either one unpacked, or a folder or archive of pictures.

    The pictures lie as train|test/<class>/<name>.jpg or .png. Source: Krizhevsky (2009).
    """
    with open_tree(path) as tree:
        names = {name.split("/")[-1]: name for name in tree.names() if not name.endswith("/")}
        for suffix, read in READERS.items():
            if f"{TRAIN[0]}{suffix}" in names:
                wanted = {batch: _member(names, batch + suffix, path) for batch in TRAIN + TEST}
                content = dict(tree.items(wanted.values()))
                batches = {b: _checked(content.pop(n), f"{path}: {n}", read) for b, n in wanted.items()}
                return _splits(_join(batches, TRAIN), _join(batches, TEST), "CIFAR-10", {})
    layout = Layout("cifar10", CLASSES, "RGB")
    pictures = read_pictures(path, layout, skip_bad=skip_bad_images)
    if not {"train", "test"} <= set(pictures.parts):
        raise DataError(f"{path} must hold the folders train and test; it has {', '.join(pictures.parts)}")
    if pictures.parts["train"].x.shape[1:] != (32, 32, 3):
        raise DataError(f"the images of {path} are not 32 x 32; this is not CIFAR-10")
    form = "PNG" if any(name.lower().endswith(".png") for name in names) else "JPEG"
    return _splits(pictures.parts["train"], pictures.parts["test"], f"CIFAR-10 ({form} copy)", pictures.notes)


def _splits(train: Dataset, test: Dataset, title: str, notes: dict[str, str]) -> Splits:
    source = f"{title}, {len(train) + len(test):,} colour photographs of 32 x 32 pixels (Krizhevsky, 2009)"
    return Splits("cifar10", CLASSES, train, test, source=source, notes=notes)


def _member(names: Mapping[str, str], file: str, path: Path) -> str:
    if file not in names:
        raise DataError(f"{path} lacks {file}; get it whole with `backhand data fetch cifar10`")
    return names[file]


def read_binary_batch(data: bytes, where: str) -> Batch:
    """`(x, y)` of one binary batch, x (N, 3072): records of a label byte and 3072 pixel bytes, nothing else."""
    if not data or len(data) % RECORD:
        raise DataError(f"{where} has {len(data)} bytes, no multiple of {RECORD}; it is truncated: fetch it again")
    records = np.frombuffer(data, np.uint8).reshape(-1, RECORD)
    return records[:, 1:], records[:, 0].astype(np.int64)


READERS: dict[str, Callable[[bytes, str], Batch]] = {".bin": read_binary_batch, "": read_python_batch}


def _checked(data: bytes, where: str, read: Callable[[bytes, str], Batch]) -> Batch:
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
    """The batches as one: planes (N, 3, 32, 32) become channels-last (N, 32, 32, 3)."""
    x = np.concatenate([batches[name][0] for name in names]).reshape(-1, 3, 32, 32)
    return Dataset(np.ascontiguousarray(x.transpose(0, 2, 3, 1)), np.concatenate([batches[name][1] for name in names]))


_HOST = "https://www.cs.toronto.edu/~kriz/"
ENTRY = OnDisk(
    "cifar10",
    "60,000 photographs, 32 x 32 RGB",
    "10",
    lambda path, skip: load(path, skip_bad_images=skip),
    files=(
        "cifar-10-binary.tar.gz",
        "cifar-10-python.tar.gz",
        "cifar-10-batches-bin",
        "cifar-10-batches-py",
        "cifar10[!0]*tar.gz",  # and not CIFAR-100
        "cifar10[!0]*zip",
        "cifar-10[!0]*zip",
    ),
    inside=("data_batch_1", "data_batch_1.bin", "train"),
    originals=(
        Original(
            "cifar-10-binary.tar.gz",
            (f"{_HOST}cifar-10-binary.tar.gz",),
            "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        ),
        Original(
            "cifar-10-python.tar.gz",
            (),
            "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
        ),
    ),
    counts={"train": 50_000, "test": 10_000},
    how="get it with `backhand data fetch cifar10`",
)
