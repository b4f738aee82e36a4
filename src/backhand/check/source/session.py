"""One loading of a person's program: every file that it consists of or imports, each executed once."""

import ast
import builtins
import linecache
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import numpy as np

from backhand.check.source.compat import BUILTINS, LISTS
from backhand.check.source.gone import gone_names
from backhand.check.source.guarded import paused
from backhand.check.source.imports import Importer, first_use_without_import, lines_of_tried_imports
from backhand.check.source.precision import widen_library
from backhand.check.source.reading import Reading, read_statements
from backhand.check.source.remarks import Kind, Place, Remark
from backhand.check.source.rewriting import DIVIDE, REWRITINGS, Rewriting, divide
from backhand.check.source.siblings import imports_from, packages_above
from backhand.check.source.silence import quiet
from backhand.check.source.statements import run_statements
from backhand.check.source.stubs import Leniency, Stub
from backhand.check.source.texts import SourceText, read_source
from backhand.errors import BackhandError

NOTEBOOK_NAMES = ("display", "get_ipython")


@dataclass
class LoadedFile:
    """A file of the program, executed: `tree` holds the statements that could be read, as the person wrote them."""

    source: SourceText
    module: ModuleType
    tree: list[ast.stmt]


@dataclass
class Session:
    """The files loaded so far, by path, in the order in which their execution began, and the remarks on them.

    folder: from which the person sees the files.   leniency: granted while a file is executed.   missing: the top-level
    names of the missing modules.   search_path: `sys.path` without what the person's code adds.
    """

    folder: Path
    raise_precision: bool = True
    files: dict[Path, LoadedFile] = field(default_factory=dict)
    packages: dict[str, ModuleType] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)
    leniency: Leniency = field(default_factory=Leniency)
    search_path: list[str] = field(default_factory=lambda: [*sys.path])
    widened: bool = False

    def load(self, path: Path) -> LoadedFile:
        """Execute a file, unless that was done before. Raises BackhandError where it cannot be read."""
        path = path.resolve()
        if path not in self.files:
            source = read_source(path)
            with paused(), self._lenient(), quiet():
                self._execute(source)
        return self.files[path]

    def load_as_module(self, path: Path) -> LoadedFile:
        """Execute a file as an import of it would: after its packages, if it imports from them.

        These import the file in their turn; the other way round, they would find it half executed.
        """
        packages = packages_above(path)
        if packages and imports_from(read_source(path).text, packages[0].name):
            for folder in packages:
                self.module_at(folder, folder.name)
        return self.load(path)

    def module_at(self, path: Path | None, name: str) -> ModuleType:
        """The module of a file, or the package of a folder; an empty package where there is no such folder."""
        if path is not None and path.is_file():
            return self._module_of(path)
        if path is not None and (path / "__init__.py").is_file():
            package = self._module_of(path / "__init__.py")
        else:
            package = self.packages.setdefault(str(path or name), ModuleType(name))
        package.__path__ = [str(path)] if path is not None else []
        return package

    def _module_of(self, path: Path) -> ModuleType:
        try:
            return self.load(path).module
        except BackhandError as error:
            raise ImportError(str(error)) from error

    def _execute(self, source: SourceText) -> None:
        reading = read_statements(source.text)
        module = self._module(source, reading)
        self.files[source.path] = LoadedFile(source, module, reading.statements)  # first, for files in a circle
        for kind, text, line in reading.failures:
            self.remark(kind, text, source, line)
        self._remark_gone_names(source, reading.statements)
        filename = str(source.path)
        rewriting = REWRITINGS[filename] = Rewriting(
            self.raise_precision, reading.is_python2 and "import division" not in reading.text
        )
        module_tree = rewriting.apply(ast.Module(read_statements(source.text).statements, []))
        statements = module_tree.body
        self.widened |= bool(rewriting.widened)
        linecache.cache[filename] = (len(reading.text), None, reading.text.splitlines(keepends=True), filename)
        for kind, text, line in run_statements(statements, module.__dict__, filename):
            self.remark(kind, text, source, line)

    def _module(self, source: SourceText, reading: Reading) -> ModuleType:
        """A new module for a file, with built-in names of its own, among them what `import` does."""
        path = source.path
        name = path.parent.name if path.stem in {"__init__", "__main__"} else path.stem
        module = ModuleType(name)
        module.__file__ = str(path)
        module.__package__ = path.parent.name
        if reading.statements and isinstance(text := reading.docstring, str):
            module.__doc__ = text
        own = {**vars(builtins), **BUILTINS, **(LISTS if reading.is_python2 else {})}
        own[DIVIDE] = divide
        if (line := first_use_without_import("np", reading.statements)) is not None:
            own["np"] = np
            text = "`np` is used without `import numpy as np`; it is provided here."
            self.remark("missing name", text, source, line)
        own |= {each: Stub(each) for each in NOTEBOOK_NAMES}
        own["__import__"] = Importer(self, source, lines_of_tried_imports(reading.statements))
        module.__dict__["__builtins__"] = own
        sys.modules.setdefault(name, module)  # where dataclasses and others look for a class's module
        return module

    @contextmanager
    def _lenient(self) -> Iterator[None]:
        before, self.leniency.granted = self.leniency.granted, True
        try:
            yield
        finally:
            self.leniency.granted = before

    def _remark_gone_names(self, source: SourceText, statements: list[ast.stmt]) -> None:
        """One remark for each name, at its first line."""
        named: set[str] = set()
        for name, today, line in gone_names(statements):
            if name not in named:
                named.add(name)
                text = f"NumPy no longer has `{name}`; write `{today}`. The check goes on as if it still had it."
                self.remark("gone name", text, source, line)

    def added_folders(self) -> list[Path]:
        """The folders that the person's code added to `sys.path`."""
        return [Path(entry).resolve() for entry in sys.path if entry not in self.search_path]

    def library_imported(self, top: str) -> None:
        """Let torch and jax compute in float64 once the code has imported them."""
        if self.raise_precision and widen_library(top):
            self.widened = True

    def remark(self, kind: Kind, text: str, source: SourceText, line: int) -> None:
        """Keep a remark on a line of a file's text."""
        where = self.location(source, line)
        self.remarks.append(Remark(kind, text, where.file, where.line, where.cell))

    def location(self, source: SourceText, line: int) -> Place:
        """A line of a file's text as the person sees it."""
        seen, cell = source.place(line)
        return Place(self.name(source.path), seen, cell)

    def name(self, path: Path) -> str:
        """A path as seen from the program's folder, with slashes; absolute on another drive."""
        try:
            return Path(os.path.relpath(path, self.folder)).as_posix()
        except ValueError:
            return path.as_posix()
