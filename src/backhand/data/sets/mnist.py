"""MNIST: 70,000 handwritten digits, 28 x 28 pixels."""

from pathlib import Path

import numpy as np

from backhand.data.dataset import Dataset, Splits
from backhand.data.entry import OnDisk, Original
from backhand.data.formats.idx import read_idx
from backhand.errors import DataError

MIRRORS = ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/")
# Name, SHA-256 of the .gz as published, SHA-256 of what it holds.
FILES = (
    (
        "train-images-idx3-ubyte",
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    (
        "train-labels-idx1-ubyte",
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    (
        "t10k-images-idx3-ubyte",
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    (
        "t10k-labels-idx1-ubyte",
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
)


def load(folder: Path) -> Splits:
    """The four IDX files, .gz or plain, of a folder."""
    source = "MNIST, 70,000 handwritten digits of 28 x 28 pixels (LeCun, Cortes and Burges), from its IDX files"
    train, test = (_read(folder, part) for part in ("train", "t10k"))
    return Splits("mnist", tuple("0123456789"), train, test, source=source)


def _read(folder: Path, part: str) -> Dataset:
    images, labels = _one_of(folder, f"{part}-images-idx3-ubyte"), _one_of(folder, f"{part}-labels-idx1-ubyte")
    x, y = read_idx(images, 3), read_idx(labels, 1)
    if x.shape[1:] != (28, 28):
        raise DataError(f"{images} holds images of {x.shape[1]} x {x.shape[2]}, not 28 x 28; it is not MNIST")
    if len(x) != len(y):
        raise DataError(f"{images} holds {len(x)} images but {labels} {len(y)} labels; fetch both again")
    if len(y) and y.max() > 9:
        raise DataError(f"{labels}: label {y.max()} of image {y.argmax()} is outside 0 to 9; fetch it again")
    return Dataset(x[..., None], y.astype(np.int64))


def _one_of(folder: Path, name: str) -> Path:
    """The file under one of the names it is published and unpacked as."""
    names = (f"{name}.gz", name, name.replace("-idx", ".idx"))
    for path in (folder / n for n in names):
        if path.is_file():
            return path
    raise DataError(f"{folder} holds no {' or '.join(names[:2])}; get it with `backhand data fetch mnist`")


ENTRY = OnDisk(
    "mnist",
    "70,000 digits, 28 x 28 grey",
    "10",
    lambda path, _skip: load(path),
    files=tuple(f"train-images{name}" for name in ("-idx3-ubyte.gz", "-idx3-ubyte", ".idx3-ubyte")),
    originals=tuple(
        Original(f"{name}.gz", tuple(f"{mirror}{name}.gz" for mirror in MIRRORS), packed, unpacked)
        for name, packed, unpacked in FILES
    ),
    is_folder=True,
    counts={"train": 60_000, "test": 10_000},
    how="get it with `backhand data fetch mnist`",
)
