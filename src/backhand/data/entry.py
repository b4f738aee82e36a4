"""What the registry knows of a data set without reading it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from backhand.data.dataset import Splits
from backhand.data.files import digest_of, digest_of_unpacked
from backhand.errors import DataError


@dataclass(frozen=True)
class Original:
    """A file as its authors publish it: mirrors in the order they are tried, hex digests ("" where not known)."""

    name: str
    urls: tuple[str, ...] = ()
    sha256: str = ""
    unpacked_sha256: str = ""
    md5: str = ""

    def agreement(self, path: Path) -> str:
        """Which published checksum the file has, in words, or "". A .gz packed anew still has that of its content."""
        if self.sha256 and digest_of(path) == self.sha256:
            return "SHA-256 as published"
        if self.unpacked_sha256 and digest_of_unpacked(path) == self.unpacked_sha256:
            return "SHA-256 of the unpacked bytes as published"
        return "MD5 as published" if self.md5 and digest_of(path, "md5") == self.md5 else ""


@dataclass(frozen=True)
class Entry:
    """One data set. title, classes: for a person to read, e.g. "70,000 digits, 28 x 28 grey" and "10"."""

    name: str
    title: str
    classes: str


@dataclass(frozen=True)
class BuiltIn(Entry):
    """A data set that is computed or comes with a library."""

    make: Callable[[], Splits]


@dataclass(frozen=True)
class OnDisk(Entry):
    """A data set that is read from a file or folder.

    read: (file or folder, skip bad images) -> Splits.   how: the sentence that tells how to get it.
    files: name patterns of what holds it, the preferred first; none for a user's own data.   inside: patterns of names
    by which a folder is known to be the data set itself.   counts: samples per split of the complete set.
    is_folder: a file found is one of several; the folder that it lies in is what is read.
    """

    read: Callable[[Path, bool], Splits]
    how: str
    files: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()
    originals: tuple[Original, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    is_folder: bool = False

    def find(self, data_dir: Path) -> Path | None:
        """The file or folder to read, or None. Looks at names only, so it is instant."""
        found = next(self._candidates(data_dir), None)
        return found and self._whole(found)

    def _whole(self, path: Path) -> Path:
        return path.parent if self.is_folder and path.is_file() else path

    def _candidates(self, data_dir: Path) -> Iterator[Path]:
        own = data_dir / self.name
        for place in (data_dir, own):
            for pattern in self.files:
                matches = sorted(place.glob(pattern))
                yield from (p for p in matches if p != own and (p.is_file() or self._is_inside(p)))
        if self._is_inside(own):
            yield own

    def _is_inside(self, folder: Path) -> bool:
        return any(next(folder.glob(pattern), None) for pattern in self.inside)

    def locate(self, path: Path | None, data_dir: Path) -> Path:
        """The path given, or the one found; DataError says where was looked, for what, and how to get it."""
        if path is not None:
            if not path.exists():
                raise DataError(f"{path} does not exist; give the file or folder that holds {self.name}")
            return self._whole(path)
        if not self.files:
            raise DataError(f"{self.name} needs a path; {self.how}")
        if found := self.find(data_dir):
            return found
        places = f"{data_dir} and {data_dir / self.name}"
        wanted = ", ".join(self.files)
        hint = "or name the folder that has it with --data-dir or BACKHAND_DATA"
        raise DataError(f"{self.name} was not found: looked in {places} for {wanted}; {self.how}, {hint}")
