"""A person's program, loaded so that a check can use whatever of it works."""

import importlib.util
import linecache
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from backhand.check.source.definitions import Definition, FileIndex
from backhand.check.source.process import take_over_process
from backhand.check.source.remarks import Place, Remark, Unfinished
from backhand.check.source.session import LoadedFile, Session
from backhand.check.source.siblings import defines
from backhand.check.source.tracing import first_bad_line
from backhand.check.source.unfinished import base_names, unfinished_functions
from backhand.errors import BackhandError
from backhand.files.paths import PathLike, as_path

MOST_FILES = 300  # of a folder
SKIPPED_FOLDERS = {"__pycache__", "node_modules", "site-packages", "venv", "env", "build", "dist"}
SKIPPED_FILES = re.compile(r"test_.*|.*_test|tests|setup|conftest")


@dataclass(frozen=True)
class Program:
    """A loaded program: a file, or the files of a folder, and the files that these import from beside them.

    path: of the file or folder.   modules: of the program itself, in order.   remarks: what was noticed on the way.
    """

    path: Path
    modules: tuple[ModuleType, ...]
    session: Session

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What was noticed, in the order of loading; code that imports something only when called may add to it."""
        return tuple(self.session.remarks)

    @property
    def precision(self) -> str:
        """The precision that the code is written in: "float32" where the check raises it to float64, else "float64"."""
        return "float32" if self.session.widened else "float64"

    @cached_property
    def unfinished(self) -> tuple[Unfinished, ...]:
        """The functions and methods of the program's modules that nobody has written yet, with their lines."""
        files = list(self.session.files.values())
        inherited = {name for file in files for name in base_names(file.tree)}
        return tuple(
            Unfinished(name, self.session.location(file.source, line))
            for file in files
            if self._is_own(file)
            for name, line in unfinished_functions(file.tree, inherited)
        )

    def functions(self) -> list[Definition]:
        """The functions at the top level of the program's modules, lambdas with a name included."""
        return [each for each in self._definitions(own=True) if not isinstance(each.value, type)]

    def classes(self) -> list[Definition]:
        """The classes at the top level of the program's modules."""
        return [each for each in self._definitions(own=True) if isinstance(each.value, type)]

    def helpers(self) -> list[Definition]:
        """Functions and classes of other files beside the program's that it imports."""
        return list(self._definitions(own=False))

    def text(self, module: ModuleType) -> str:
        """The whole text of a module as the person wrote it; of a notebook, all code cells."""
        return next((index.file.source.text for index in self._indices if index.file.module is module), "")

    def location(self, value: Any) -> Place | None:
        """Where a function, method or class of the program is defined; None for one of a library."""
        for index in self._indices:
            if (node := index.node(value)) is not None:
                return self.session.location(index.file.source, node.lineno)
        return None

    def source(self, value: Any) -> str:
        """The text of a function, method or class as the person wrote it; "" for one of a library."""
        for index in self._indices:
            if (node := index.node(value)) is not None:
                return index.text(node)
        return ""

    def raised_at(self, error: BaseException) -> Place | None:
        """The innermost line of the person's own code in an exception's traceback; None where there is none."""
        files = {str(path): file for path, file in self.session.files.items()}
        where, step = None, error.__traceback__
        while step is not None:
            if file := files.get(step.tb_frame.f_code.co_filename):
                where = self.session.location(file.source, step.tb_lineno)
            step = step.tb_next
        return where

    def first_bad_line(self, call: Callable[[], object], is_bad: Callable[[Any], bool]) -> tuple[Place, str] | None:
        """The first line of the person's own code after which a value of the call is bad, and the line's text."""
        files = {str(path): file for path, file in self.session.files.items()}
        found = first_bad_line(call, files, is_bad)
        if found is None:
            return None
        where = self.session.location(files[found.file].source, found.line)
        return where, linecache.getline(found.file, found.line).strip()

    def beside(self, name: str) -> Any:
        """A function of this name in another file of the folder, where the program is a single file; None for none.

        Courses that want one function in each file leave it to their tests to bring both passes together.
        """
        folder = sorted(self.path.parent.glob("*.py"))[:MOST_FILES] if self.path.is_file() else []
        for path in folder:
            if path != self.path and defines(path, name):
                return getattr(self.session.load(path).module, name, None)
        return None

    def _is_own(self, file: LoadedFile) -> bool:
        return any(file.module is module for module in self.modules)

    @property
    def _indices(self) -> list[FileIndex]:
        return [self._index(file) for file in self.session.files.values()]

    @cached_property
    def _known_indices(self) -> dict[Path, FileIndex]:
        return {}

    def _index(self, file: LoadedFile) -> FileIndex:
        if file.source.path not in self._known_indices:
            self._known_indices[file.source.path] = FileIndex(file)
        return self._known_indices[file.source.path]

    def _definitions(self, *, own: bool) -> Iterator[Definition]:
        for index in self._indices:
            file = index.file
            if self._is_own(file) is own:
                for name, value, statement in index.top_level():
                    yield Definition(name, value, file.module, self.session.location(file.source, statement.lineno))


def load(path: PathLike, *, raise_precision: bool = True) -> Program:
    """Load a Python file, a notebook or every Python file of a folder, whatever its code does.

    It takes over the process: see `take_over_process`. raise_precision: whether float32 in the code becomes float64.
    Raises BackhandError where there is nothing to load: no such file, no text, no notebook, no Python file.
    """
    path = as_path(path).expanduser().resolve()
    if not path.exists():
        raise BackhandError(f"there is no {path}; check the name")
    files = _folder_files(path) if path.is_dir() else [path]
    folder = path if path.is_dir() else path.parent
    session = Session(folder, raise_precision)
    take_over_process(path, raise_precision=raise_precision)
    loaded = list(_loaded(session, files, alone=path.is_file()))
    session.leniency.granted = False
    return Program(path, tuple(file.module for file in loaded), session)


def load_module(name: str, *, raise_precision: bool = True) -> Program:
    """Load the file or package that a dotted module name stands for, from the working directory or installed.

    Raises BackhandError where there is no such module, or it is not written in Python.
    """
    parts = name.split(".")
    beside = Path.cwd().joinpath(*parts)
    if beside.with_name(f"{parts[-1]}.py").is_file():
        return load(beside.with_name(f"{parts[-1]}.py"), raise_precision=raise_precision)
    if beside.is_dir():
        return load(beside, raise_precision=raise_precision)
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        spec = None
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        raise BackhandError(f"there is no Python module {name}; name a file, or run from the folder that holds it")
    origin = Path(spec.origin)
    return load(origin.parent if origin.name == "__init__.py" else origin, raise_precision=raise_precision)


def _loaded(session: Session, files: list[Path], *, alone: bool) -> Iterator[LoadedFile]:
    """Load files; of several, one that is no text becomes a remark."""
    for path in files:
        try:
            yield session.load_as_module(path)
        except BackhandError as error:
            if alone:
                raise
            session.remarks.append(Remark("unreadable", f"{error}.", session.name(path), 1))


def _folder_files(folder: Path) -> list[Path]:
    """The Python files of a folder and those below, numbers in their names in numerical order."""
    found: list[Path] = []
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _is_skipped(Path(where, name)))
        found += [Path(where, name) for name in names if _is_code(name)]
    if not found:
        raise BackhandError(f"{folder} holds no Python files; name the folder that does, or a notebook in it")
    return sorted(found, key=_natural)[:MOST_FILES]


def _is_skipped(folder: Path) -> bool:
    return folder.name.startswith(".") or folder.name in SKIPPED_FOLDERS or (folder / "pyvenv.cfg").exists()


def _is_code(name: str) -> bool:
    stem, dot, suffix = name.rpartition(".")
    return suffix == "py" and bool(dot and stem) and not SKIPPED_FILES.fullmatch(stem) and not stem.startswith(".")


def _natural(path: Path) -> list[tuple[int, str]]:
    return [(int(part) if part.isdigit() else -1, part) for part in re.split(r"(\d+)", path.as_posix())]
