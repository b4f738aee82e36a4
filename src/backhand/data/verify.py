"""Is this the data set its authors published? Checksums where the form is the original, counts in every form."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from backhand.data.dataset import Splits
from backhand.data.entry import OnDisk
from backhand.data.formats.resize import Resize
from backhand.data.registry import DATASETS, get_entry, load
from backhand.errors import DataError
from backhand.files import locations
from backhand.files.paths import PathLike, as_path


@dataclass(frozen=True)
class Verification:
    """The splits that were read, and what was found, one sentence each."""

    splits: Splits
    findings: tuple[str, ...]


def verify(
    name: str,
    *,
    data_dir: PathLike | None = None,
    path: PathLike | None = None,
    skip_bad_images: bool = False,
    resize: Resize | None = None,
) -> Verification:
    """Reads a data set whole and compares it with what its authors published.

    data_dir, path, skip_bad_images, resize: as of `load`.
    Raises DataError as `load` does, and where a file's checksum or the number of samples differs.
    """
    found = get_entry(name)
    findings: list[str] = []
    if isinstance(found, OnDisk):
        findings += _checksums(found, found.locate(as_path(path), as_path(data_dir) or locations.data_dir()))
    splits = load(name, data_dir=data_dir, path=path, skip_bad_images=skip_bad_images, resize=resize)
    if isinstance(found, OnDisk) and found.publication:
        if difference := found.publication.first_difference(splits.by_name):
            raise DataError(f"{difference}: this is not {found.publication.title} as published; fetch it again")
        findings.append("every split has the published number of samples")
    return Verification(splits, tuple(findings))


def _checksums(found: OnDisk, path: Path) -> Iterator[str]:
    """A finding for each published file that is read; DataError for one with another content."""
    some = False
    for original in found.published_files:
        # What a .gz holds has a checksum of its own, or none is known for it.
        names = {original.name, original.name.removesuffix(".gz") if original.unpacked_sha256 else original.name}
        files = [path] if path.is_file() else [path / name for name in sorted(names)]
        for file in files:
            if file.name in names and file.is_file():
                agreement = original.matching_checksum(file)
                if not agreement:
                    raise DataError(f"{file} is not the published file (its checksum differs); {_advice(file)}")
                some = True
                yield f"{file.name}: {agreement}"
    if found.published_files and not some:
        yield f"{path.name}: no checksum is published for this form"


def _advice(file: Path) -> str:
    """What to do with a file of a published name and another content: it may be of another data set."""
    for other in DATASETS.values():
        for original in other.published_files if isinstance(other, OnDisk) else ():
            if original.matching_checksum(file):
                return f"it is the {original.name} of {other.name}: name that data set"
    return "fetch it again"
