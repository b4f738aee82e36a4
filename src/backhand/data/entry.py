"""The registry's entry of a data set: all that is known about it without reading it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path
from typing import ClassVar

from backhand.data.dataset import Splits
from backhand.data.formats.colours import Colour, convert_colour
from backhand.data.formats.resize import Resize, resize_images
from backhand.data.frames.options import TableOptions
from backhand.data.provenance import Publication, PublishedFile
from backhand.errors import DataError


@dataclass(frozen=True)
class ReadOptions:
    """How a data set is read: whether bad images are left out, and the size and the colour that images come to.

    table: which columns of a table are what.
    """

    skip_bad_images: bool = False
    resize: Resize | None = None
    colour: Colour | None = None
    table: TableOptions | None = None

    def convert(self, splits: Splits) -> Splits:
        """The splits with their images in this colour and at this size, for images that are read as they are."""
        colour, resize = self.colour, self.resize
        if colour is not None:
            splits = splits.map(lambda data: replace(data, x=convert_colour(data.x, colour)))
        return splits if resize is None else splits.map(lambda data: replace(data, x=resize_images(data.x, resize)))


@dataclass(frozen=True)
class Entry:
    """A data set.

    title, classes: for people to read, such as "70,000 digits, 28 x 28 grey" and "10".
    """

    name: str
    title: str
    classes: str


@dataclass(frozen=True)
class BuiltIn(Entry):
    """A data set that is computed or comes with the package; `load` returns its splits.

    is_regression: whether its samples have targets instead of classes.
    """

    load: Callable[[], Splits]
    is_regression: bool = False
    columns: ClassVar[tuple[str, ...]] = ()


@dataclass(frozen=True)
class OnDisk(Entry):
    """A data set that is read from a file or folder.

    read: (file or folder, options) -> Splits.   instructions: how to get the data, as the end of a sentence.
    files: patterns of the names of files or folders that hold the data, the preferred first; none for a user's own
    data.   columns: those of `options.COLUMNS` that `read` follows.   marker_files: patterns of names that show that a
    folder is the data set itself.   member_files: patterns of
    files that are one of several; the folder that holds them is read.   subfolders: where the data are looked for,
    below the data folder ("" is that folder itself), the first of which is downloaded to; by default the name of the
    data set and "".
    """

    read: Callable[[Path, ReadOptions], Splits]
    instructions: str
    files: tuple[str, ...] = ()
    marker_files: tuple[str, ...] = ()
    published_files: tuple[PublishedFile, ...] = ()
    publication: Publication | None = None
    member_files: tuple[str, ...] = ()
    subfolders: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    is_regression: ClassVar[bool] = False  # a table's depends on its options

    def folders(self, data_dir: Path) -> list[Path]:
        """The folders in which the data are looked for; the first one is their own."""
        return [data_dir / name for name in self.subfolders or (self.name, "")]

    def find(self, data_dir: Path) -> Path | None:
        """The file or folder to read, or None. It is instant, since only names are compared."""
        path = next(self._candidates(data_dir), None)
        return path and self._folder_of_member(path)

    def _folder_of_member(self, path: Path) -> Path:
        is_piece = any(fnmatch(path.name, pattern) for pattern in self.member_files)
        return path.parent if is_piece and path.is_file() else path

    def _candidates(self, data_dir: Path) -> Iterator[Path]:
        own_folder, *_ = folders = self.folders(data_dir)
        for folder in folders:
            for pattern in self.files:
                matches = sorted(folder.glob(pattern))
                yield from (p for p in matches if p != own_folder and (p.is_file() or self._is_data_set(p)))
        if self._is_data_set(own_folder):
            yield own_folder

    def _is_data_set(self, folder: Path) -> bool:
        return any(next(folder.glob(pattern), None) for pattern in self.marker_files)

    def locate(self, path: Path | None, data_dir: Path | None) -> Path:
        """The path that is given, or the one that is found in the data folder.

        data_dir: None where there is no data folder, since the user has no home folder.
        Raises DataError, which says where what was looked for and how to get it.
        """
        if path is not None:
            if not path.exists():
                raise DataError(f"{path} does not exist; give the file or folder that holds {self.name}")
            return self._folder_of_member(path)
        if not self.files:
            raise DataError(f"{self.name} needs a path; {self.instructions}")
        hint = "or name the folder that holds it with --data-dir or BACKHAND_DATA"
        if data_dir is None:
            raise DataError(
                f"{self.name} was not found: there is no home folder to look in; {self.instructions}, {hint}"
            )
        if path := self.find(data_dir):
            return path
        folders = " or ".join(map(str, sorted(self.folders(data_dir))))
        names = ", ".join(self.files)
        raise DataError(f"{self.name} was not found: none of {names} is in {folders}; {self.instructions}, {hint}")
