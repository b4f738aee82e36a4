"""Data sets of 28 x 28 grey images in four IDX files, like those of MNIST."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from backhand.data.dataset import Dataset, Splits
from backhand.data.entry import OnDisk
from backhand.data.files import digest_of
from backhand.data.formats.idx import read_idx
from backhand.data.formats.trees import open_tree
from backhand.data.provenance import Publication, PublishedFile
from backhand.errors import DataError

SIDE = 28
SPLITS = ("train", "test")
FILES = tuple(f"train-images{ending}" for ending in ("-idx3-ubyte.gz", "-idx3-ubyte", ".idx3-ubyte"))


@dataclass(frozen=True)
class IdxImages:
    """A data set of this form.

    stems: how the names of the training and of the test files begin: STEM-images-idx3-ubyte and
    STEM-labels-idx1-ubyte, plain or .gz.   published_files: these files, or the archive that holds them.
    first_label: the label of class 0.   is_transposed: whether the files store images column by column.
    """

    name: str
    classes: tuple[str, ...]
    publication: Publication
    published_files: tuple[PublishedFile, ...]
    stems: tuple[str, str] = ("train", "t10k")
    first_label: int = 0
    is_transposed: bool = False

    def entry(self, title: str, subfolders: tuple[str, ...], files: tuple[str, ...] = FILES) -> OnDisk:
        """The entry of the data set for the registry; see `OnDisk`."""
        return OnDisk(
            self.name,
            title,
            str(len(self.classes)),
            lambda path, options: options.convert(self.load(path)),
            instructions=f"get it with `backhand data fetch {self.name}`",
            files=files,
            published_files=self.published_files,
            publication=self.publication,
            member_files=("*-idx?-ubyte", "*-idx?-ubyte.gz", "*.idx?-ubyte"),
            subfolders=subfolders,
        )

    def load(self, path: Path) -> Splits:
        """Load the four files from a folder, plain or .gz, or from a zip or tar archive.

        Raises DataError for a missing or damaged file, images of another size, and labels of no class.
        """
        contents = dict(self._contents(path))
        splits = {split: self._read_split(contents, path, stem) for split, stem in zip(SPLITS, self.stems, strict=True)}
        matches = self._matches_published(contents, path)
        form = "from its IDX files" + (", known by their counts alone" if matches is None else "")
        source = self.publication.source(splits, form, matches=matches)
        return Splits(self.name, self.classes, splits["train"], splits["test"], source=source)

    def _contents(self, path: Path) -> Iterator[tuple[str, bytes]]:
        """The base name and content of each of the four files: side by side in a folder, or anywhere in an archive."""
        with open_tree(path) as tree:
            names = [p.name for p in path.iterdir() if p.is_file()] if path.is_dir() else tree.names()
            deepest_first = sorted(names, key=lambda name: -name.count("/"))
            by_base = {PurePosixPath(name).name: name for name in deepest_first if not name.endswith("/")}
            wanted = [by_base[self._file_name(by_base, path, stem, kind)] for stem in self.stems for kind in KINDS]
            for name, content in tree.items(wanted):
                yield PurePosixPath(name).name, content

    def _file_name(self, present: dict[str, str] | dict[str, bytes], path: Path, stem: str, kind: str) -> str:
        """The name of the file that is present, of its names when packed, unpacked, and in torchvision's spelling."""
        name = f"{stem}-{kind}-ubyte"
        bases = (f"{name}.gz", name, name.replace("-idx", ".idx"))
        for base in bases:
            if base in present:
                return base
        raise DataError(f"{path} holds no {' or '.join(bases[:2])}; get it with `backhand data fetch {self.name}`")

    def _read_split(self, contents: dict[str, bytes], path: Path, stem: str) -> Dataset:
        bases = [self._file_name(contents, path, stem, kind) for kind in KINDS]
        images, labels = (f"{path}/{base}" for base in bases)
        x, y = (
            read_idx(contents[base], f"{path}/{base}", int(kind[-1])) for base, kind in zip(bases, KINDS, strict=True)
        )
        if x.shape[1:] != (SIDE, SIDE):
            raise DataError(
                f"{images} holds images of {x.shape[1]} x {x.shape[2]}, not 28 x 28; it is not {self.publication.title}"
            )
        if len(x) != len(y):
            raise DataError(f"{images} holds {len(x)} images but {labels} {len(y)} labels; fetch both again")
        numbers = y.astype(np.int64) - self.first_label
        outside = np.flatnonzero((numbers < 0) | (numbers >= len(self.classes)))
        if len(outside):
            first, last = self.first_label, self.first_label + len(self.classes) - 1
            raise DataError(
                f"{labels}: label {y[outside[0]]} of image {outside[0]} is outside {first} to {last}; fetch it again"
            )
        upright = np.ascontiguousarray(x.transpose(0, 2, 1)) if self.is_transposed else x
        return Dataset(upright[..., None], numbers)

    def _matches_published(self, contents: dict[str, bytes], path: Path) -> bool | None:
        """Whether all files, or the archive, are the published ones; None where a checksum of their form is unknown."""
        originals = {original.name: original for original in self.published_files}
        if path.is_file() and digest_of(path) in {original.sha256 for original in self.published_files}:
            return True
        known = [originals.get(f"{base.removesuffix('.gz').replace('.idx', '-idx')}.gz") for base in contents]
        agree = [o and o.matches(content) for o, content in zip(known, contents.values(), strict=True)]
        return False if False in agree else None if None in agree else True


KINDS = ("images-idx3", "labels-idx1")


def originals(files: Iterable[tuple[str, str, str]], mirrors: Sequence[str]) -> tuple[PublishedFile, ...]:
    """The published .gz files, from the name without .gz, the SHA-256 and that of the content of each."""
    return tuple(
        PublishedFile(f"{name}.gz", tuple(f"{mirror}{name}.gz" for mirror in mirrors), packed, unpacked)
        for name, packed, unpacked in files
    )
