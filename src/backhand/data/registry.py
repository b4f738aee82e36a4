"""The registry of all data sets, and the function that loads one by its name."""

import logging
import time

from backhand.data.dataset import Splits, validate
from backhand.data.entry import BuiltIn, OnDisk, ReadOptions
from backhand.data.formats.colours import Colour
from backhand.data.formats.resize import Resize
from backhand.data.frames.options import TableOptions
from backhand.data.sets import (
    blobs,
    breast_cancer,
    cifar10,
    csv,
    diabetes,
    digits,
    emnist,
    fashion_mnist,
    fer2013,
    images,
    kmnist,
    mnist,
    npz,
    shards,
    spirals,
    toy,
)
from backhand.errors import DataError, closest
from backhand.files import locations
from backhand.files.paths import PathLike, as_path
from backhand.plugins import Table

_BUILT_IN = (digits, breast_cancer, diabetes, blobs, spirals, toy)
_ENTRIES: tuple[BuiltIn | OnDisk, ...] = (
    *(module.ENTRY for module in _BUILT_IN),
    *(mnist.ENTRY, fashion_mnist.ENTRY, kmnist.ENTRY, *emnist.ENTRIES, cifar10.ENTRY, fer2013.ENTRY),
    *(images.ENTRY, npz.ENTRY, shards.ENTRY, csv.ENTRY),
)
log = logging.getLogger(__name__)


def _is_entry(name: str, value: object) -> bool:
    return isinstance(value, BuiltIn | OnDisk) and value.name == name


DATASETS: Table[BuiltIn | OnDisk] = Table(
    {entry.name: entry for entry in _ENTRIES},
    "backhand.data",
    "data set",
    wanted="a BuiltIn or OnDisk of backhand.data.entry with the name of the entry point",
    fits=_is_entry,
)


def get_entry(name: str) -> BuiltIn | OnDisk:
    """The entry of a data set. Raises DataError, with the closest name, for an unknown one."""
    if name not in DATASETS:
        raise DataError(f'unknown data set "{name}"{closest(name, DATASETS)}')
    return DATASETS[name]


def is_available(name: str, data_dir: PathLike) -> bool:
    """Whether this folder of data sets holds the files of the data set; False for one that is built in."""
    entry = get_entry(name)
    return isinstance(entry, OnDisk) and entry.find(as_path(data_dir)) is not None


def load(
    name: str,
    *,
    data_dir: PathLike | None = None,
    path: PathLike | None = None,
    skip_bad_images: bool = False,
    resize: Resize | None = None,
    colour: Colour | None = None,
    min_classes: int = 2,
    table: TableOptions | None = None,
) -> Splits:
    """A data set by name, whole and checked: training and test split, and a validation split if its authors give one.

    name: "mnist", "cifar10", "digits", "images", "npz", "shards", "csv" or another one that `backhand data list` shows.
    data_dir: the folder in which files are looked for; None: the one that BACKHAND_DATA names, or the user's.
    path: the very file or folder, needed for `images`, `npz`, `shards` and `csv`.
    skip_bad_images: leave out what is no image rather than stop.
    resize: the size that images are brought to; those of `images` may then have several sizes.
    colour: "L" or "RGB", for images that are to be grey or coloured whatever they are.
    min_classes: how many classes there must be at least.
    table: which columns of a `csv` are what, or the targets of `npz` and `shards`.
    Raises DataError where the data are missing or damaged; the sentence names the file and what to do.
    """
    entry, options = get_entry(name), ReadOptions(skip_bad_images, resize, colour, table)
    for key in table.given if table else ():
        if key not in entry.columns:
            raise DataError(f"{name} takes no {key.replace('_', ' ')}; leave it out")
    if isinstance(entry, BuiltIn):
        if path is not None:
            raise DataError(f"{name} is built in and not read from a file; leave out the path")
        return validate(options.convert(entry.load()))
    source = entry.locate(as_path(path), as_path(data_dir) or locations.data_dir())
    start = time.perf_counter()
    splits = entry.read(source, options)
    log.info("%s read in %.2f s from %s", name, time.perf_counter() - start, source)
    if not splits.is_regression and len(splits.classes) < min_classes:
        raise DataError(f'{source} has the one class "{splits.classes[0]}"; a classifier needs two classes or more')
    return validate(splits)
