"""Verifies a data set: by its checksums in its original form, by the number of samples in every form."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from backhand.data.dataset import Splits
from backhand.data.entry import OnDisk
from backhand.data.formats.resize import Resize
from backhand.data.frames.options import TableOptions
from backhand.data.registry import DATASETS, get_entry, load
from backhand.errors import DataError
from backhand.files import locations
from backhand.files.paths import PathLike, as_path


@dataclass(frozen=True)
class Verification:
    """The splits that were read, and the findings, one sentence each."""

    splits: Splits
    findings: tuple[str, ...]


def verify(
    name: str,
    *,
    data_dir: PathLike | None = None,
    path: PathLike | None = None,
    skip_bad_images: bool = False,
    resize: Resize | None = None,
    table: TableOptions | None = None,
) -> Verification:
    """Read a whole data set, and compare it with what its authors published.

    data_dir, path, skip_bad_images, resize, table: as in `load`.
    Raises DataError as `load` does, and where a file's checksum or the number of samples differs.
    """
    entry = get_entry(name)
    findings: list[str] = []
    if isinstance(entry, OnDisk):
        findings += _checksums(entry, entry.locate(as_path(path), as_path(data_dir) or locations.data_dir()))
    splits = load(name, data_dir=data_dir, path=path, skip_bad_images=skip_bad_images, resize=resize, table=table)
    if isinstance(entry, OnDisk) and entry.publication:
        if difference := entry.publication.first_difference(splits.by_name):
            raise DataError(f"{difference}: this is not {entry.publication.title} as published; fetch it again")
        findings.append("every split has the published number of samples")
    return Verification(splits, tuple(findings))


def _checksums(entry: OnDisk, path: Path) -> Iterator[str]:
    """A finding for each published file that is read. Raises DataError for a file with another content."""
    any_found = False
    for published_file in entry.published_files:
        # The content of a .gz may have a checksum of its own.
        names = {
            published_file.name,
            published_file.name.removesuffix(".gz") if published_file.unpacked_sha256 else published_file.name,
        }
        files = [path] if path.is_file() else [path / name for name in sorted(names)]
        for file in files:
            if file.name in names and file.is_file():
                agreement = published_file.matching_checksum(file)
                if not agreement:
                    raise DataError(f"{file} is not the published file (its checksum differs); {_advice(file)}")
                any_found = True
                yield f"{file.name}: {agreement}"
    if entry.published_files and not any_found:
        yield f"{path.name}: no checksum is published for this form"


def _advice(file: Path) -> str:
    """What to do with a file that has another content than its name promises: it may belong to another data set."""
    for other in DATASETS.values():
        for published_file in other.published_files if isinstance(other, OnDisk) else ():
            if published_file.matching_checksum(file):
                return f"it is the {published_file.name} of {other.name}: name that data set"
    return "fetch it again"
