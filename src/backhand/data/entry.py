"""What the registry knows of a data set without reading it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from backhand.data.dataset import Splits
from backhand.data.formats.colours import Colour
from backhand.data.formats.resize import Resize
from backhand.data.provenance import Publication, PublishedFile
from backhand.errors import DataError


@dataclass(frozen=True)
class Entry:
    """One data set. title, classes: for a person to read, e.g. "70,000 digits, 28 x 28 grey" and "10"."""

    name: str
    title: str
    classes: str


@dataclass(frozen=True)
class BuiltIn(Entry):
    """A data set that is computed or comes with a library."""

    load: Callable[[], Splits]


@dataclass(frozen=True)
class OnDisk(Entry):
    """A data set that is read from a file or folder.

    read: (file or folder, skip bad images) -> Splits.   read_as: the same with a resize and a colour, of pictures that
    may have several sizes.   how: the sentence that tells how to get it.
    files: name patterns of what holds it, the preferred first; none for a user's own data.   inside: patterns of names
    by which a folder is known to be the data set itself.   pieces: patterns of files that are one of several: the
    folder they lie in is read.   subfolders: of the data folder, where it is looked for ("" for the data folder
    itself); it is fetched to the first. Its name and "" where none are given.
    """

    read: Callable[[Path, bool], Splits]
    instructions: str
    read_converted: Callable[[Path, bool, Resize | None, Colour | None], Splits] | None = None
    files: tuple[str, ...] = ()
    marker_files: tuple[str, ...] = ()
    published_files: tuple[PublishedFile, ...] = ()
    publication: Publication | None = None
    member_files: tuple[str, ...] = ()
    subfolders: tuple[str, ...] = ()

    def folders(self, data_dir: Path) -> list[Path]:
        """The folders in which it is looked for, the first of them its own."""
        return [data_dir / name for name in self.subfolders or (self.name, "")]

    def find(self, data_dir: Path) -> Path | None:
        """The file or folder to read, or None. Looks at names only, so it is instant."""
        found = next(self._candidates(data_dir), None)
        return found and self._whole(found)

    def _whole(self, path: Path) -> Path:
        is_piece = any(fnmatch(path.name, pattern) for pattern in self.member_files)
        return path.parent if is_piece and path.is_file() else path

    def _candidates(self, data_dir: Path) -> Iterator[Path]:
        own, *_ = folders = self.folders(data_dir)
        for folder in folders:
            for pattern in self.files:
                matches = sorted(folder.glob(pattern))
                yield from (p for p in matches if p != own and (p.is_file() or self._is_inside(p)))
        if self._is_inside(own):
            yield own

    def _is_inside(self, folder: Path) -> bool:
        return any(next(folder.glob(pattern), None) for pattern in self.marker_files)

    def locate(self, path: Path | None, data_dir: Path | None) -> Path:
        """The path given, or the one found; DataError says where was looked, for what, and how to get it.

        data_dir: None where there is no data folder, since the user has no home.
        """
        if path is not None:
            if not path.exists():
                raise DataError(f"{path} does not exist; give the file or folder that holds {self.name}")
            return self._whole(path)
        if not self.files:
            raise DataError(f"{self.name} needs a path; {self.instructions}")
        hint = "or name the folder that has it with --data-dir or BACKHAND_DATA"
        if data_dir is None:
            raise DataError(
                f"{self.name} was not found: there is no home folder to look in; {self.instructions}, {hint}"
            )
        if found := self.find(data_dir):
            return found
        folders = " and ".join(map(str, sorted(self.folders(data_dir))))
        wanted = ", ".join(self.files)
        raise DataError(f"{self.name} was not found: looked in {folders} for {wanted}; {self.instructions}, {hint}")
