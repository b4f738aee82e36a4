"""Inspects the headers of pictures without decoding them: the classes, the sizes and the colours."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from backhand.data.formats.colours import Colour
from backhand.data.formats.members import BadMemberError
from backhand.data.formats.picture_files import PictureFile, describe_ignored, list_pictures
from backhand.data.formats.pictures import BadImageError, read_size_and_colour
from backhand.data.formats.resize import Size
from backhand.data.formats.trees import open_tree
from backhand.data.progress import progress_bar
from backhand.errors import DataError

MIN_PICTURES_FOR_BAR = 20000


@dataclass(frozen=True)
class Inspection:
    """The pictures of a folder or archive, with the size (height, width) and the colour of each by its header.

    unreadable: a sentence for each picture without a valid header.   ignored_files: see `describe_ignored`.
    """

    members: tuple[PictureFile, ...]
    sizes: tuple[Size, ...]
    colours: tuple[Colour, ...]
    unreadable: tuple[str, ...]
    ignored_files: str

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the class folders, sorted."""
        return tuple(sorted({member.label for member in self.members}))

    @property
    def splits(self) -> tuple[str, ...]:
        """Those of "train", "validation" and "test" that have pictures."""
        return tuple(split for split in ("train", "validation", "test") if any(self.counts(split)))

    def counts(self, split: str) -> tuple[int, ...]:
        """The pictures of each class in a split; without split folders, all pictures are in "train"."""
        counts = Counter(member.label for member in self.members if member.split == split)
        return tuple(counts[label] for label in self.classes)


def inspect_pictures(path: Path) -> Inspection:
    """Read the header of every picture below `path`: a folder, zip or tar.

    Raises DataError as `list_pictures` does, and where no header can be read.
    """
    with open_tree(path) as tree:
        names = tree.names()
        members = {member.name: member for member in list_pictures(names, path)}
        headers, unreadable = {}, []
        what = f"Measuring {len(members):,} pictures of {path.name}"
        with progress_bar(what, len(members), quiet_below=MIN_PICTURES_FOR_BAR) as advance:
            for name, read in tree.readers(members):
                try:
                    headers[name] = read_size_and_colour(read(), f"{path}/{name}")
                except (BadImageError, BadMemberError) as error:
                    unreadable.append(str(error))
                advance(1)
    if not headers:
        raise DataError(f"no picture of {path} can be read; the first: {unreadable[0]}")
    sizes, colours = zip(*headers.values(), strict=True)
    return Inspection(
        tuple(members[name] for name in headers), sizes, colours, tuple(unreadable), describe_ignored(names)
    )
