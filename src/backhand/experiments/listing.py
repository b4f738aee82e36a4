"""Lists the experiments in a folder, each with a row of what its kind says of it."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from backhand.errors import BackhandError
from backhand.experiments import records
from backhand.experiments.kind import Kind, Row
from backhand.experiments.kinds import kind_of
from backhand.files.names import ENVIRONMENT
from backhand.files.paths import PathLike, as_path


@dataclass(frozen=True)
class Listed:
    """An experiment: its folder, its kind, and its row, or why it cannot be read."""

    folder: Path
    kind: Kind
    row: Row


def experiments(path: PathLike) -> Iterator[Listed]:
    """The experiment in the folder itself, or else those in its subfolders, the latest first.

    Raises BackhandError where there is no such folder.
    """
    folder = as_path(path)
    if not folder.is_dir():
        raise BackhandError(f"there is no folder {folder}; name the folder that holds your runs")
    inside = sorted(folder.iterdir(), key=_start_time, reverse=True)
    for path in (folder, *inside):
        if (path / ENVIRONMENT).is_file() and (kind := kind_of(path)) is not None:
            yield Listed(path, kind, _row(kind, path))
            if path == folder:
                return


def as_json(experiment: Listed, *, whole: bool = False) -> dict[str, Any]:
    """The row of an experiment as JSON holds it. whole: also all of the file that holds what came out.

    Raises CheckpointError, naming that file, where it is damaged.
    """
    _, kind = experiment.kind.name.split(" ", 1)  # without its article
    row = {"folder": str(experiment.folder), "kind": kind} | asdict(experiment.row)
    file = experiment.folder / (experiment.kind.result or experiment.kind.mark)
    return row | ({"record": records.parsed(records.read_text(file), file)} if whole and file.is_file() else {})


def listed(folder: Path) -> Listed | None:
    """The experiment in this very folder; None where there is none."""
    kind = kind_of(folder)
    return None if kind is None else Listed(folder, kind, _row(kind, folder))


def _start_time(folder: Path) -> tuple[float, str]:
    """When the experiment in a folder began, by the time of its first file; and the name, to order equal times."""
    kind = kind_of(folder) if folder.is_dir() else None
    return ((folder / kind.mark).stat().st_mtime if kind else 0.0, folder.name)


def _row(kind: Kind, folder: Path) -> Row:
    try:
        return kind.record.row(folder)
    except BackhandError as error:
        return Row("", "", "damaged", str(error))
