"""FER2013: 35,887 faces with seven emotions, of 48 x 48 grey pixels."""

from io import BytesIO, TextIOWrapper
from pathlib import Path, PurePosixPath

import numpy as np

from backhand.data.cache import Arrays, load_or_build
from backhand.data.dataset import Dataset, Splits
from backhand.data.entry import OnDisk
from backhand.data.formats.fer_csv import read_face_table
from backhand.data.formats.image_tree import Layout, read_pictures, split_datasets
from backhand.data.formats.picture_files import SPLIT_NAMES, PictureFile
from backhand.data.formats.trees import Tree, is_archive, open_tree
from backhand.data.provenance import Publication, PublishedFile
from backhand.errors import DataError
from backhand.files.encodings import refuse_not_utf8

TABLES = ("fer2013.csv", "icml_face_data.csv")
CLASSES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
ORIGINALS = (
    PublishedFile(TABLES[0], md5="f8428a1edbd21e88f42c73edd2a14f95"),
    PublishedFile(TABLES[1], md5="b114b9e04e6949e5fe8b6a98b3892b1d"),
)
PUBLISHED = Publication(
    "FER2013",
    "35,887 grey faces of 48 x 48 pixels (Goodfellow et al., 2013)",
    "grey pictures of 48 x 48 pixels",
    {
        "train": (3995, 436, 4097, 7215, 4830, 3171, 4965),
        "validation": (467, 56, 496, 895, 653, 415, 607),
        "test": (491, 55, 528, 879, 594, 416, 626),
    },
)


def load(path: Path, *, skip_bad_images: bool) -> Splits:
    """Load FER2013 from its CSV file (alone, in a folder or in an archive), or from a folder or archive of pictures.

    PublicTest is the validation split, PrivateTest the test split. Pictures are <split>/<emotion>/<name>.jpg. Where
    the only folders are train and test, names such as PublicTest_123.jpg give the official split.
    Source: Goodfellow et al. (2013), "Challenges in Representation Learning".
    """
    if _is_table(path):
        arrays = load_or_build(path, "fer2013-table", lambda: _read_table(path))
        return _splits(split_datasets(arrays), "from the CSV file", {}, matches=bool(arrays["published"]))
    pictures = read_pictures(path, Layout("fer2013", CLASSES, "L", _official_split), skip_bad=skip_bad_images)
    return _splits(pictures.splits, "from image files", pictures.notes)


def _is_table(path: Path) -> bool:
    if path.is_file() and not is_archive(path):
        return True
    with open_tree(path) as tree:
        return _table_name(tree) is not None


def _table_name(tree: Tree) -> str | None:
    return next((name for name in tree.names() if PurePosixPath(name).name.lower() in TABLES), None)


def _read_table(path: Path) -> Arrays:
    content, where = _table_content(path)
    refuse_not_utf8(content, where, DataError)
    arrays = read_face_table(TextIOWrapper(BytesIO(content), "utf-8-sig", newline=""), where)
    published = any(original.matches(content) for original in ORIGINALS)
    return arrays | {"published": np.array(published)}


def _table_content(path: Path) -> tuple[bytes, str]:
    """The content of the CSV file, and its name in messages."""
    if path.is_file() and not is_archive(path):
        return path.read_bytes(), str(path)
    with open_tree(path) as tree:
        name = _table_name(tree) or ""
        [(_, content)] = tree.items([name])
        return content, f"{path}/{name}"


def _official_split(member: PictureFile) -> str:
    """The split in the name of a picture, where it has one, else that of its folder."""
    prefix = PurePosixPath(member.name).name.split("_")[0].lower()
    return (
        SPLIT_NAMES.get(prefix, member.split) if prefix in {"training", "publictest", "privatetest"} else member.split
    )


def _splits(splits: dict[str, Dataset], form: str, notes: dict[str, str], matches: bool | None = None) -> Splits:
    for name in ("train", "test"):
        if name not in splits:
            raise DataError(f"FER2013 has no {name} split {form}; expected Training, PublicTest and PrivateTest")
    for name, data in splits.items():
        if data.x.shape[1:] != (48, 48, 1):
            height, width = data.x.shape[1:3]
            raise DataError(f"the {name} images are {height} x {width}, not 48 x 48; this is not FER2013")
    source = PUBLISHED.source(splits, form, matches=matches)
    return Splits("fer2013", CLASSES, splits["train"], splits["test"], splits.get("validation"), source, notes)


ENTRY = OnDisk(
    "fer2013",
    "35,887 faces, 48 x 48 grey",
    "7",
    lambda path, options: options.convert(load(path, skip_bad_images=options.skip_bad_images)),
    instructions=(
        "download fer2013.csv or icml_face_data.csv from https://www.kaggle.com/c/challenges-in-representation-learning-"
        "facial-expression-recognition-challenge (a free account is needed) and put it into the data folder"
    ),
    files=(*TABLES, "fer2013*.zip", "fer2013*.tar.gz"),
    marker_files=("Training", "train"),
    published_files=ORIGINALS,
    publication=PUBLISHED,
)
