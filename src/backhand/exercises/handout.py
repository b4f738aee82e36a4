"""The folder that is handed out: exercises, derivations, a page for students, and the solution for the teacher."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from backhand.errors import BackhandError, closest
from backhand.exercises.catalogue import Convention
from backhand.exercises.derivations import FOLDER, page_of, read_pages
from backhand.exercises.readme import readme
from backhand.exercises.source import Source
from backhand.files.atomic import write_outputs
from backhand.files.paths import PathLike, as_path

README, SOLUTION = "README.md", "solution"


@dataclass(frozen=True)
class Handout:
    """What was written: the layers, how many functions there are to write, and the files that students fill in."""

    layers: tuple[str, ...]
    functions: int
    files: tuple[Path, ...]


def write_handout(
    folder: PathLike, convention: Convention, layers: Iterable[str] | None = None, *, solution: bool = True
) -> Handout:
    """Write the exercises of a convention to a new or empty folder; those of all layers unless some are named.

    A layer brings along those that it calls, as a network does its layers. `solution` adds the complete files in a
    folder of their own. Raises BackhandError for an unknown layer, and for a folder that holds anything already.
    """
    folder = as_path(folder)
    sources = select(convention, layers)
    _refuse_used(folder)
    pages = read_pages()
    found = {section.layer for source in sources for section in source.sections}
    hints = {layer: f"{FOLDER}/{page_of(layer)}" for layer in found if page_of(layer) in pages}
    contents: dict[Path, bytes | str] = {folder / source.path: source.exercise(hints) for source in sources}
    if solution:
        contents |= {folder / SOLUTION / source.path: source.solution() for source in sources}
    contents |= {folder / FOLDER / name: text for name, text in pages.items()}
    write_outputs(contents | {folder / README: readme(convention, sources, hints)})
    chosen = tuple(layer for layer in convention.layers() if layer in found)
    functions = sum(len(section.to_write()) for source in sources for section in source.sections)
    return Handout(chosen, functions, tuple(folder / source.path for source in sources if source.sections))


def select(convention: Convention, layers: Iterable[str] | None) -> list[Source]:
    """The files of a convention with the sections of these layers and of those that they call.

    Files without any of them are left out, unless another file imports from them.
    """
    sources = convention.sources()
    chosen = set(convention.layers()) if layers is None else _with_called(sources, layers)
    for layer in chosen:
        if layer not in convention.layers():
            raise BackhandError(f'{convention.name} has no layer "{layer}"{closest(layer, convention.layers())}')
    files = [source.of(chosen) for source in sources]
    kept = [file for file in files if file.sections]
    for file in kept:  # which grows on the way: an imported file may import another
        kept += [other for other in files if other not in kept and file.imports(other)]
    return sorted(kept, key=lambda file: file.path)


def _with_called(sources: list[Source], layers: Iterable[str]) -> set[str]:
    sections = [section for source in sources for section in source.sections]
    chosen, reached = set[str](), set(layers)
    while reached - chosen:
        chosen |= reached
        used = {name for section in sections if section.layer in chosen for name in section.used}
        reached = {section.layer for section in sections if section.defined & used}
    return chosen


def _refuse_used(folder: Path) -> None:
    """Raises BackhandError for a path that is a file, or a folder that is not empty."""
    if folder.exists() and not folder.is_dir():
        raise BackhandError(f"{folder} is a file; name a folder for the exercises")
    if folder.is_dir() and any(folder.iterdir()):
        raise BackhandError(f"{folder} exists and is not empty; name another folder, or remove this one first")
