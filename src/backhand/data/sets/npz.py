"""The user's own arrays, in one NumPy archive."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from backhand.arrays import axes
from backhand.data.columns import has_variation
from backhand.data.dataset import Dataset, Samples, Splits
from backhand.data.entry import OnDisk, ReadOptions
from backhand.data.formats.npz import read_npz
from backhand.data.labels import Labels, read_labels
from backhand.data.pixels import read_pixels
from backhand.data.sets.npz_names import ArrayNames
from backhand.data.split import hold_out_test
from backhand.data.tables import read_table
from backhand.data.targets import read_targets
from backhand.data.value_range import range_notes
from backhand.errors import DataError

Array = NDArray[Any]


def load(path: Path, targets: Sequence[str] = ()) -> Splits:
    """Load the arrays x_train, y_train, x_test, y_test (with x_validation, y_validation if present), or x and y.

    targets: the names of the T targets of a regression, whose y are numbers (N,) or (N, T); none: y are labels.

    x: (N, F) numbers of any dtype, or images (N, H, W) or (N, H, W, C) of uint8, or of values that are exactly uint8.
    y: (N,) numbers 0 .. K-1 or names, see `labels.read_labels`.   classes: (K,) names, if present.
    Other names are understood as well, see `ArrayNames`; a note lists arrays that are not used.
    Of x and y alone, a fifth is the test split, always the same one, with each class in proportion.
    """
    arrays = read_npz(path)
    names = ArrayNames.of(arrays, path)
    samples = {x: arrays[x] for x, _ in names.by_split.values()}
    for name, x in samples.items():
        if x.size == 0:
            raise DataError(f"{name} in {path} is empty, of shape {x.shape}; save some samples")
    labels = _answers(arrays, names, targets, str(path))
    for name, y in names.by_split.values():
        _refuse_orientation(samples[name], len(arrays[y]), (name, y), path)
    read, notes = _samples(samples, path)
    splits = {split: Dataset(read[x], labels.y[y]) for split, (x, y) in names.by_split.items()}
    if "test" in splits:
        train, test = splits["train"], splits["test"]
        others = {f"{split} samples": data for split, data in splits.items() if split != "train"}
    else:
        train, test = hold_out_test(splits["train"], labels.classes)
        others = {"samples": splits["train"]}  # by the rows of the archive
    if len(labels.classes) != 1:
        _refuse_alike(train, f"{names.by_split['train'][0]} in {path}")
    notes |= range_notes(train, others)
    unused = (*names.unused, names.classes) if targets and names.classes else names.unused
    notes |= {"unused arrays": ", ".join(unused)} if unused else {}
    shared = Splits("npz", labels.classes, train, test, splits.get("validation"), f"the arrays of {path.name}")
    return replace(shared, notes=labels.notes | notes, targets=tuple(targets))


def _answers(arrays: Mapping[str, Array], names: ArrayNames, targets: Sequence[str], file: str) -> Labels:
    """The labels of every split with the names of the classes, or the targets, which have no classes."""
    y = {name: arrays[name] for _, name in names.by_split.values()}
    if targets:
        return Labels(read_targets(y, targets, file), (), {})
    return read_labels(y, None if names.classes is None else arrays[names.classes], file)


def _refuse_orientation(x: Array, labels: int, names: tuple[str, str], path: Path) -> None:
    """Raise DataError, with the line to write, unless x has one sample for each label along its first axis."""
    if x.ndim and len(x) == labels:
        return
    remedy = "every sample needs one label"
    if x.ndim > 1 and x.shape[-1] == labels:
        remedy = f"samples lie along the first axis: write {axes.transposition((x.ndim - 1, *range(x.ndim - 1)))}"
    raise DataError(f"{path}: {names[0]} has shape {x.shape} but {names[1]} {labels} labels; {remedy}")


def _refuse_alike(train: Dataset, where: str) -> None:
    if not has_variation(train.x):
        unit = "pixel" if train.is_image else "column"
        raise DataError(f"no {unit} of {where} varies: all training samples are alike; check how they were computed")


def _samples(arrays: Mapping[str, Array], path: Path) -> tuple[dict[str, Samples], dict[str, str]]:
    """The samples of each array as tables or images, and notes on conversions and doubts."""
    for name, x in arrays.items():
        where = f"{name} in {path}"
        if x.dtype.kind not in "iubf" or x.ndim not in (2, 3, 4):
            raise DataError(
                f"{where} is {x.dtype} of shape {x.shape}; give (N, F) numbers, or images (N, H, W, C) of uint8"
                f"{_remedy(x)}"
            )
    if len({x.ndim == 2 for x in arrays.values()}) > 1:
        shapes = ", ".join(f"{x.shape} in {name}" for name, x in arrays.items())
        raise DataError(f"some samples of {path} are rows and some images ({shapes}); make them equal")
    if next(iter(arrays.values())).ndim > 2:
        return _images(arrays, path)
    return {name: read_table(x, f"{name} in {path}") for name, x in arrays.items()}, {}


def _remedy(x: Array) -> str:
    if x.ndim == 1 and x.dtype.kind in "iubf":
        return "; for one feature write x[:, None]"
    return "; write times as numbers: x.astype(np.int64)" if x.dtype.kind in "mM" else ""


def _images(arrays: Mapping[str, Array], path: Path) -> tuple[dict[str, Samples], dict[str, str]]:
    """The images (N, H, W) or (N, H, W, C) of each array as (N, H, W, C) of uint8, and notes."""
    read = {}
    for name, x in arrays.items():
        axes.refuse_channels_first(x.shape, f"{name} in {path}")
        read[name] = read_pixels(x, f"{name} in {path}")
    whites = {name: pixels.white for name, pixels in read.items()}
    if len(set(whites.values())) > 1:
        listing = ", ".join(f"{white} in {name}" for name, white in whites.items())
        raise DataError(f"white is not the same in all images of {path}: {listing}; bring them to one range")
    first, pixels = next(iter(arrays.values())), next(iter(read.values()))
    notes = {"axes": axes.doubt(first.shape), "pixels": pixels.note}
    samples: dict[str, Samples] = {
        name: pixels_of_name.x.reshape(*pixels_of_name.x.shape[:3], -1) for name, pixels_of_name in read.items()
    }
    return samples, {key: note for key, note in notes.items() if note}


def _read(path: Path, options: ReadOptions) -> Splits:
    return options.convert(load(path, options.table.targets if options.table else ()))


ENTRY = OnDisk(
    "npz",
    "your own arrays",
    "labels, or targets",
    _read,
    instructions="pass --path with an .npz file of x_train, y_train, x_test, y_test, or x and y",
    columns=("target",),
)
