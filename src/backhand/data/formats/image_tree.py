"""Reads folders and archives of pictures as arrays, which are decoded once and then cached."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backhand.data.cache import Arrays, CachedSource
from backhand.data.dataset import Dataset
from backhand.data.formats.colours import Colour
from backhand.data.formats.inspection import inspect_pictures
from backhand.data.formats.members import BadMemberError
from backhand.data.formats.picture_files import PictureFile, describe_ignored, list_pictures
from backhand.data.formats.pictures import BadImageError, decode
from backhand.data.formats.resize import Resize
from backhand.data.formats.trees import Tree, open_tree
from backhand.data.progress import progress_bar
from backhand.errors import DataError

SPLITS = ("train", "validation", "test")
MIN_PICTURES_FOR_BAR = 5000  # fewer pictures are decoded before anyone has read the bar


@dataclass(frozen=True)
class Layout:
    """How a data set is laid out in its folder or archive.

    name: of the data set, for the cache.   classes: the class folders in the order of the labels; sorted by name if
    none are given.   colour, resize: see `pictures.decode`.   split: returns the split of a picture, by default that of
    its folder.
    """

    name: str
    classes: tuple[str, ...] = ()
    colour: Colour | None = None
    split: Callable[[PictureFile], str] = lambda member: member.split
    resize: Resize | None = None

    @property
    def decoding(self) -> str:
        """The name for the cache, which tells these arrays from others that are decoded from the same files."""
        if self.resize is None or self.resize.size is None:
            return self.name
        height, width = self.resize.size
        return f"{self.name}-{height}x{width}-{self.resize.how}"


@dataclass(frozen=True)
class Pictures:
    """The pictures that were read: the names of the classes, and a Dataset for each split.

    skipped: the names of the pictures that were left out.   ignored_files: how many files of other kinds there are
    beside the pictures, such as "10 .gif, 2 .txt".   naming_note: see `Tree.naming_note`.
    """

    classes: tuple[str, ...]
    splits: dict[str, Dataset]
    skipped: tuple[str, ...]
    ignored_files: str
    naming_note: str

    @property
    def notes(self) -> dict[str, str]:
        """The notes on these pictures, for `Splits.notes`."""
        skipped = self.skipped and f"{len(self.skipped)}: {', '.join(self.skipped[:5])}"
        notes = {"skipped images": skipped, "files passed over": self.ignored_files, "names": self.naming_note}
        return {name: note for name, note in notes.items() if note}


def read_pictures(path: Path, layout: Layout, *, skip_bad: bool) -> Pictures:
    """Read every picture below `path` (a folder, zip or tar), in the order of split, class and name.

    The pictures must have one size, unless the layout's `resize` scales them; where that has no size, one is chosen
    from those of the pictures. Raises DataError for an unknown or empty class folder, and for several sizes without
    `resize`; BadImageError for a bad picture unless skip_bad.
    """
    source = CachedSource(path)
    if layout.resize is not None and layout.resize.size is None:
        sizes = source.load_or_build("sizes", lambda: {"sizes": np.array(inspect_pictures(path).sizes)})["sizes"]
        layout = replace(
            layout, resize=layout.resize.with_size_for([(height, width) for height, width in sizes.tolist()])
        )

    def build() -> Arrays:
        with open_tree(path) as tree:
            return _read(tree, layout, skip_bad=skip_bad)

    arrays = source.load_or_build(layout.decoding + "-skip" * skip_bad, build)
    classes, skipped = (tuple(arrays[name].tolist()) for name in ("classes", "skipped"))
    return Pictures(classes, split_datasets(arrays), skipped, str(arrays["passed_over"]), str(arrays["remark"]))


def split_datasets(arrays: Arrays) -> dict[str, Dataset]:
    """The splits that are not empty, from x, y and the sizes of train, validation and test within them."""
    stops = np.cumsum(arrays["sizes"]).tolist()
    slices = zip(SPLITS, [0, *stops[:-1]], stops, strict=True)
    return {split: Dataset(arrays["x"][a:b], arrays["y"][a:b]) for split, a, b in slices if b > a}


def _read(tree: Tree, layout: Layout, *, skip_bad: bool) -> Arrays:
    names = tree.names()
    members = list_pictures(names, tree.path)
    classes = layout.classes or tuple(sorted({member.label for member in members}))
    for member in members:
        if member.label not in classes:
            raise DataError(
                f"{tree.path}: {member.name} is of no class of {layout.name}; these are {', '.join(classes)}"
            )
    keys = [(SPLITS.index(layout.split(m)), classes.index(m.label), m.name) for m in members]
    keys.sort()
    x, is_readable = _decode(tree, [name for _, _, name in keys], layout, skip_bad=skip_bad)
    split, label = (np.array([key[i] for key in keys])[is_readable] for i in (0, 1))
    return {
        "x": x[is_readable] if not is_readable.all() else x,
        "y": label.astype(np.int64),
        "sizes": np.bincount(split, minlength=len(SPLITS)),
        "classes": np.array(classes),
        "skipped": np.array(
            [name for (_, _, name), ok in zip(keys, is_readable, strict=True) if not ok], dtype=np.str_
        ),
        "passed_over": np.array(describe_ignored(names)),
        "remark": np.array(tree.naming_note),
    }


def _decode(
    tree: Tree, names: Sequence[str], layout: Layout, *, skip_bad: bool
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """All pictures in the order of `names`, and which could be read. One thread: because of the GIL, two are slower."""
    slots = {name: slot for slot, name in enumerate(names)}
    is_readable = np.zeros(len(names), bool)
    x: NDArray[np.uint8] | None = None
    reasons = []
    what = f"Reading {len(names):,} pictures of {tree.path.name}"
    with progress_bar(what, len(names), quiet_below=MIN_PICTURES_FOR_BAR) as advance:
        for name, read in tree.readers(slots):
            try:
                picture = decode(read(), f"{tree.path}/{name}", layout.colour, layout.resize)
            except (BadImageError, BadMemberError) as error:
                if not skip_bad:
                    raise BadImageError(f"{error}; remove it or pass --skip-bad-images") from error
                reasons.append(str(error))
            else:
                x = _fitting_array(x, picture, len(names), f"{tree.path}/{name}")
                x[slots[name]] = picture
                is_readable[slots[name]] = True
            advance(1)
    if x is None:
        raise DataError(f"{tree.path} holds no picture that can be read; the first: {reasons[0]}")
    return x, is_readable


def _fitting_array(x: NDArray[np.uint8] | None, picture: NDArray[np.uint8], n: int, where: str) -> NDArray[np.uint8]:
    """The array for all pictures: allocated for the first one, and converted to RGB at the first RGB picture."""
    if x is None:
        try:
            return np.zeros((n, *picture.shape), np.uint8)
        except MemoryError as error:
            raise DataError(f"{n} pictures as large as {where} do not fit in memory; make them smaller") from error
    if x.shape[1:3] != picture.shape[:2]:
        (h, w), (height, width) = picture.shape[:2], x.shape[1:3]
        before = f"the pictures before it are {height} x {width}"
        raise DataError(f"{where} is {h} x {w}, {before}; set data.resize in the study, or pass --resize")
    return np.repeat(x, 3, axis=-1) if x.shape[-1] < picture.shape[-1] else x
