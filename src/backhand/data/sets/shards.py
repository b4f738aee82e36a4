"""The user's own arrays in a folder of .npy files, which need not fit into memory."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from backhand.arrays import axes
from backhand.data.dataset import Dataset, Splits
from backhand.data.entry import OnDisk, ReadOptions
from backhand.data.labels import Labels, read_labels
from backhand.data.sets.npz_names import ArrayNames
from backhand.data.shards import Shards
from backhand.data.split import hold_out_test
from backhand.data.targets import read_targets
from backhand.errors import DataError

NUMBERED = re.compile(r"(?P<name>.*?[^\d_.-])[_.-]*(?P<number>\d*)")  # x_train-007, x_train_7, x7


def load(path: Path, targets: Sequence[str] = ()) -> Splits:
    """Load a folder of x_train*.npy, y_train*.npy, x_test*.npy, y_test*.npy (also validation), or of x*.npy and y*.npy.

    Each array may be one file, or several with numbers at the end of their names, which follow each other in the order
    of these numbers. The samples stay on disk: images (N, H, W) or (N, H, W, C) of uint8, or rows (N, F) of numbers.
    The labels, or the targets of a regression, are read, in the forms of an .npz file; classes.npy names the classes.
    targets: the names of the T targets of a regression; none: y are labels.
    Of x and y alone, a fifth is the test split, always the same one, with each class in proportion.
    Raises DataError for what is missing, and for shards that disagree with each other or with their labels.
    """
    files = _files(path)
    names = ArrayNames.of(files, path)
    y = {answers: np.concatenate(_parts(files[answers])) for _, answers in names.by_split.values()}
    for samples, answers in names.by_split.values():
        _refuse_other_counts(files[samples], files[answers], path)
    labels = _labels(y, files, names, targets, path)
    x = {samples: _samples(files[samples]) for samples, _ in names.by_split.values()}
    splits = {
        split: Dataset(cast(Any, x[samples]), labels.y[answers]) for split, (samples, answers) in names.by_split.items()
    }
    if "test" not in splits:
        splits["train"], splits["test"] = hold_out_test(splits["train"], labels.classes)
    notes = labels.notes | ({"unused arrays": ", ".join(names.unused)} if names.unused else {})
    source = f"the arrays of the folder {path.name}"
    whole = Splits("shards", labels.classes, splits["train"], splits["test"], splits.get("validation"), source, notes)
    return replace(whole, targets=tuple(targets))


def _files(path: Path) -> dict[str, list[Path]]:
    """The .npy files of a folder by the names of the arrays that they are shards of, in the order of their numbers."""
    if not path.is_dir():
        raise DataError(f"{path} is a file; name the folder of the .npy files")
    found: dict[str, list[tuple[int, Path]]] = {}
    for file in sorted(path.glob("*.npy")):
        match = NUMBERED.fullmatch(file.stem)
        name, number = (match["name"], match["number"]) if match else (file.stem, "")
        found.setdefault(name, []).append((int(number or -1), file))
    if not found:
        raise DataError(f"{path} has no .npy files; save x_train.npy, y_train.npy, x_test.npy and y_test.npy in it")
    return {name: [file for _, file in sorted(shards)] for name, shards in found.items()}


def _parts(files: list[Path]) -> list[NDArray[Any]]:
    """The arrays of these files, of one dtype and, but for the number of rows, of one shape."""
    return [np.asarray(part) for part in Shards(files).parts]


def _refuse_other_counts(x: list[Path], y: list[Path], path: Path) -> None:
    """Raise DataError, naming the first shard, where there is another number of samples than of labels."""
    counts, answers = ([len(part) for part in Shards(files).parts] for files in (x, y))
    if sum(counts) == sum(answers):
        return
    if len(x) == len(y):
        k = next(k for k in range(len(x)) if counts[k] != answers[k])
        raise DataError(f"{x[k]} has {counts[k]} samples but {y[k].name} {answers[k]} labels; give each sample a label")
    raise DataError(
        f"the shards of {path} have {sum(counts)} samples ({x[0].name} ...) but {sum(answers)} labels "
        f"({y[0].name} ...); give each sample a label"
    )


def _labels(
    y: dict[str, NDArray[Any]], files: dict[str, list[Path]], names: ArrayNames, targets: Sequence[str], path: Path
) -> Labels:
    if targets:
        return Labels(read_targets(y, targets, str(path)), (), {})
    classes = None if names.classes is None else np.concatenate(_parts(files[names.classes]))
    return read_labels(y, classes, str(path))


def _samples(files: list[Path]) -> Shards:
    """Samples on disk, grey images with an axis for their channel. Raises DataError for what cannot stay as it is."""
    x, where = Shards(files), str(files[0])
    if not len(x) or x.dtype.kind not in "iuf" or x.ndim not in (2, 3, 4):
        raise DataError(
            f"{where} is {x.dtype} of shape {x.shape}; give (N, F) numbers, or images (N, H, W, C) of uint8"
        )
    if x.ndim == 2:
        return x
    if x.dtype != np.uint8:
        raise DataError(f"{where} has images of {x.dtype}, which stay as they are; save them as uint8, 0 to 255")
    axes.refuse_channels_first(x.shape, where)
    return x.with_channel() if x.ndim == 3 else x


def _read(path: Path, options: ReadOptions) -> Splits:
    if options.resize is not None or options.colour is not None:
        raise DataError(f"the images of {path} stay on disk as they are; save them at one size, and leave out resize")
    return load(path, options.table.targets if options.table else ())


ENTRY = OnDisk(
    "shards",
    "your own arrays, larger than memory",
    "labels, or targets",
    _read,
    instructions="pass --path with a folder of x_train.npy, y_train.npy, x_test.npy, y_test.npy, or shards of them",
    columns=("target",),
)
