"""Where the files lie that a person's file imports from its own project."""

import importlib.util
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

MOST_PARENTS = 4
# Names that always mean the library, whatever files a person has; so do those of the standard library.
LIBRARIES = {"numpy", "torch", "jax", "jaxlib", "scipy", "backhand"}
# Installable packages, whose modules are never taken for a file of the last name, such as keras.layers for layers.py.
PACKAGES = {
    "torch",
    "jax",
    "numba",
    "keras",
    "tensorflow",
    "torchvision",
    "theano",
    "lasagne",
    "cupy",
    "mxnet",
    "caffe",
}
PACKAGES |= {"einops", "flax", "optax", "haiku", "nltk", "gensim", "chainer", "autograd", "gym", "sklearn", "skimage"}
# A chain of packages down to a module: each name with its file or folder, None for a package that is not there.
Chain = list[tuple[str, Path | None]]


def is_library(top: str) -> bool:
    """Whether a top-level name can only mean a library."""
    return top in LIBRARIES or top in sys.stdlib_module_names


def is_installed(top: str) -> bool:
    """Whether an installed package has this top-level name."""
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):  # ValueError: a module of the person's own, which has no spec
        return False
    return spec is not None and spec.origin is not None


def find_absolute(importer: Path, parts: list[str], extra: list[Path]) -> Chain | None:
    """The file or folder that `import a.b.c` in the file `importer` means, if it belongs to the person's project.

    extra: folders that the code itself added to `sys.path`. A name that is also installed must lie in the file's folder
    or above it; for the others, their sub-folders are searched too, and `cs231n/layers.py` may lie at `layers.py`.
    """
    if is_library(parts[0]):
        return None
    above = [*_parents(importer.parent), *extra]
    if is_installed(parts[0]):
        return next(_matches(above, parts, importer, strict=True), None)
    roots = [*above, *(below for folder in above for below in _subfolders(folder))]
    for dropped in range(1 if parts[0] in PACKAGES else len(parts)):
        found = next(_matches(roots, parts[dropped:], importer, strict=False), None)
        if found is not None:
            return [*((name, None) for name in parts[:dropped]), *found]
    return None


def find_relative(importer: Path, parts: list[str], level: int, extra: list[Path]) -> Chain | None:
    """The same for `from ..a.b import c` with so many dots; files that lie elsewhere in the project count as well."""
    folder = importer.parent
    for _ in range(level - 1):
        folder = folder.parent
    if not parts:
        return [(folder.name, folder)]
    found = next(_matches([folder], parts, importer, strict=False), None)
    return found or (None if is_library(parts[0]) else find_absolute(importer, parts, extra))


def child(folder: Path, name: str) -> Path | None:
    """The module or package of this name in a folder: a Python file, or a folder that holds some."""
    if (file := folder / f"{name}.py").is_file():
        return file
    return inner if (inner := folder / name).is_dir() and _holds_code(inner) else None


def packages_above(path: Path) -> list[Path]:
    """The folders that are packages of a file, the topmost first."""
    folders: list[Path] = []
    while (path.parent / "__init__.py").is_file():
        path = path.parent
        folders.insert(0, path)
    return folders


def imports_from(text: str, package: str) -> bool:
    """Whether a file's text imports from a package of this name."""
    return re.search(rf"^\s*(from|import)\s+{re.escape(package)}\b", text, re.MULTILINE) is not None


def defines(path: Path, name: str) -> bool:
    """Whether a file defines a function of this name at its top level."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return re.search(rf"^def\s+{re.escape(name)}\s*\(", text, re.MULTILINE) is not None


def _matches(roots: list[Path], parts: list[str], importer: Path, *, strict: bool) -> Iterator[Chain]:
    """The chains for this dotted name below each of the folders; a file never imports itself."""
    for root in roots:
        chain: Chain = []
        where: Path | None = root
        for part in parts:
            where = child(where, part) if where is not None and where.is_dir() else None
            chain.append((part, where))
        namespace = strict and chain[0][1] == root / parts[0] and not (root / parts[0] / "__init__.py").exists()
        if where is not None and where != importer and not namespace:
            yield chain


def _holds_code(folder: Path) -> bool:
    """Whether a folder or one directly in it has a Python file."""
    return any(folder.glob("*.py")) or any(folder.glob("*/*.py"))


def _parents(folder: Path) -> list[Path]:
    """A folder and those above it that may belong to the same project: up to its repository's, never a home folder."""
    outside = {Path.home(), Path(tempfile.gettempdir()).resolve(), Path(folder.anchor)}
    folders = [folder]
    while len(folders) <= MOST_PARENTS and not (folder / ".git").exists():
        folder = folder.parent
        if folder in outside or folder in Path.home().parents:
            break
        folders.append(folder)
    return folders


def _subfolders(folder: Path) -> list[Path]:
    """The direct sub-folders of a folder, hidden ones left out."""
    try:
        return sorted(each for each in folder.iterdir() if each.is_dir() and each.name[0] not in "._")
    except OSError:
        return []
