"""The user's own pictures, with one folder for each class."""

from dataclasses import replace
from pathlib import Path

from backhand.data.dataset import Dataset, Samples, Splits
from backhand.data.entry import OnDisk
from backhand.data.formats.colours import Colour
from backhand.data.formats.image_tree import Layout, read_pictures
from backhand.data.formats.members import printable
from backhand.data.formats.resize import Resize
from backhand.data.split import hold_out_test
from backhand.data.value_range import range_notes
from backhand.errors import DataError


def load(path: Path, *, skip_bad_images: bool, resize: Resize | None = None, colour: Colour | None = None) -> Splits:
    """Load a folder, zip or tar of split/class/picture or class/picture, which are JPEG, PNG, WebP or BMP files.

    The pictures must have one size, unless `resize` scales them. Grey pictures among coloured ones become RGB; with
    `colour`, all pictures have that colour. Classes are sorted by name. Without a test folder, a stratified fifth of
    the training pictures is held out, always the same one.
    """
    layout = Layout(f"images-{colour}" if colour else "images", colour=colour, resize=resize)
    pictures = read_pictures(path, layout, skip_bad=skip_bad_images)
    if "train" not in pictures.splits:
        raise DataError(f"{path} has no train folder beside {' and '.join(pictures.splits)}; add one")
    train, test = pictures.splits["train"], pictures.splits.get("test")
    train, test = (train, test) if test else hold_out_test(train, pictures.classes)
    source = f"{_count(pictures.splits):,} images from {printable(path.absolute().name)}"
    validation = pictures.splits.get("validation")
    others = {f"{split} samples": data for split, data in pictures.splits.items() if split != "train"}
    notes = pictures.notes | _scaling_note(train.x, resize) | range_notes(train, others)
    return Splits("images", pictures.classes, train, test, validation, source, notes)


def _scaling_note(x: Samples, resize: Resize | None) -> dict[str, str]:
    """A note, for `Splits.notes`, on how the pictures x were scaled."""
    return {} if resize is None else {"pictures scaled": f"to {replace(resize, size=(x.shape[1], x.shape[2]))}"}


def _count(splits: dict[str, Dataset]) -> int:
    return sum(map(len, splits.values()))


ENTRY = OnDisk(
    "images",
    "your own pictures",
    "folders",
    lambda path, options: load(
        path, skip_bad_images=options.skip_bad_images, resize=options.resize, colour=options.colour
    ),
    instructions="pass --path with a folder or zip of split/class/*.jpg or class/*.jpg",
)
