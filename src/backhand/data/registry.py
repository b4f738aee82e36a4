"""The data sets by name."""

from backhand.data.dataset import Dataset, Splits, validate
from backhand.data.entry import BuiltIn, OnDisk
from backhand.data.formats.colours import Colour, convert_colour
from backhand.data.formats.resize import Resize, resize_images
from backhand.data.sets import (
    blobs,
    breast_cancer,
    cifar10,
    digits,
    emnist,
    fashion_mnist,
    fer2013,
    images,
    kmnist,
    mnist,
    npz,
    spirals,
    toy,
)
from backhand.errors import DataError, closest
from backhand.files import locations
from backhand.files.paths import PathLike, as_path

_BUILT_IN = (digits, breast_cancer, blobs, spirals, toy)
_ENTRIES: tuple[BuiltIn | OnDisk, ...] = (
    *(module.ENTRY for module in _BUILT_IN),
    *(mnist.ENTRY, fashion_mnist.ENTRY, kmnist.ENTRY, *emnist.ENTRIES, cifar10.ENTRY, fer2013.ENTRY),
    *(images.ENTRY, npz.ENTRY),
)
DATASETS = {found.name: found for found in _ENTRIES}


def get_entry(name: str) -> BuiltIn | OnDisk:
    """The entry of a data set; DataError suggests the closest name."""
    if name not in DATASETS:
        raise DataError(f'unknown data set "{name}"{closest(name, DATASETS)}')
    return DATASETS[name]


def is_available(name: str, data_dir: PathLike) -> bool:
    """Whether the files of a data set lie in this folder of data sets; none do of one that is built in."""
    found = get_entry(name)
    return isinstance(found, OnDisk) and found.find(as_path(data_dir)) is not None


def load(
    name: str,
    *,
    data_dir: PathLike | None = None,
    path: PathLike | None = None,
    skip_bad_images: bool = False,
    resize: Resize | None = None,
    colour: Colour | None = None,
    fewest: int = 2,
) -> Splits:
    """A data set by name, whole and checked: training and test split, and a validation split if its authors give one.

    name: "mnist", "cifar10", "digits", "images", "npz" or another one that `backhand data list` shows.
    data_dir: the folder in which files are looked for; None: the one that BACKHAND_DATA names, or the user's.
    path: the very file or folder, needed for `images` and `npz`.
    skip_bad_images: leave out what is no image rather than stop.
    resize: the size that images are brought to; those of `images` may then have several sizes.
    colour: "L" or "RGB", for images that are to be grey or coloured whatever they are.
    fewest: how many classes there must be.
    Raises DataError where the data are missing or damaged; the sentence names the file and what to do.
    """
    found = get_entry(name)
    if isinstance(found, BuiltIn):
        if path is not None:
            raise DataError(f"{name} is built in and read from no file; leave the path out")
        return validate(_converted(found.load(), resize, colour))
    place = found.locate(as_path(path), as_path(data_dir) or locations.data_dir())
    if found.read_converted is not None:
        splits = found.read_converted(place, skip_bad_images, resize, colour)
    else:
        splits = _converted(found.read(place, skip_bad_images), resize, colour)
    if len(splits.classes) < fewest:
        raise DataError(f'{place} has the one class "{splits.classes[0]}"; to tell apart, there must be two or more')
    return validate(splits)


def _converted(splits: Splits, resize: Resize | None, colour: Colour | None) -> Splits:
    """The same with images of this colour and size."""
    if colour is not None:
        splits = splits.map(lambda part: Dataset(convert_colour(part.x, colour), part.y))
    return splits if resize is None else splits.map(lambda part: Dataset(resize_images(part.x, resize), part.y))
