"""Runs and weights that a unit reads: they travel with it, and lie elsewhere on the worker's machine."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from backhand.experiments.cluster.archive import Archive

_places: ContextVar[Mapping[Path, Path] | None] = ContextVar("places", default=None)


def local(path: Path) -> Path:
    """Where a run, or a file of weights, that a study names lies on this machine; the path itself where it is known."""
    return (_places.get() or {}).get(path, path)


@contextmanager
def unpacked(archives: Mapping[Path, Archive], folder: Path) -> Iterator[None]:
    """Unpack what has travelled, by its paths on the head, below this folder; `local` finds it in the `with` block.

    Raises BackhandError as `Archive.unpack` does.
    """
    places: dict[Path, Path] = {}
    for number, (path, archive) in enumerate(archives.items()):
        archive.unpack(folder / str(number))
        places[path] = folder / str(number) / path.name if archive.is_file else folder / str(number)
    token = _places.set(places)
    try:
        yield
    finally:
        _places.reset(token)
