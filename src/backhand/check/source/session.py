"""One loading of a person's program: every file that it consists of or imports, each executed once."""

import ast
import linecache
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from backhand.check.source.blocks import parse
from backhand.check.source.guarded import paused
from backhand.check.source.remarks import Kind, Location, Remark
from backhand.check.source.statements import run_statements
from backhand.check.source.texts import SourceText, read_source

RESERVED_STEMS = {"__main__", "__init__"}


@dataclass
class LoadedFile:
    """A file of the program, executed: `tree` holds the statements that could be read, as the person wrote them."""

    source: SourceText
    module: ModuleType
    tree: list[ast.stmt]

    @property
    def path(self) -> Path:
        """The file's absolute path."""
        return self.source.path


@dataclass
class Session:
    """The files loaded so far, by path, in the order in which their execution began, and the remarks on them.

    folder: from which the person sees the files.
    """

    folder: Path
    raise_precision: bool = True
    files: dict[Path, LoadedFile] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)
    precision: str = "float64"

    def load(self, path: Path) -> LoadedFile:
        """Execute a file, unless that was done before. Raises BackhandError where it cannot be read."""
        path = path.resolve()
        if path not in self.files:
            source = read_source(path)
            with paused():
                self._execute(source)
        return self.files[path]

    def _execute(self, source: SourceText) -> None:
        parsed = parse(source.text)
        module = self._module(source.path)
        file = LoadedFile(source, module, parsed.statements)
        self.files[source.path] = file  # before it is executed, for files that import one another
        linecache.cache[str(source.path)] = (
            len(source.text),
            None,
            source.text.splitlines(keepends=True),
            str(source.path),
        )
        for kind, text, line in run_statements(parsed.statements, module.__dict__, str(source.path)):
            self.remark(kind, text, source, line)

    def _module(self, path: Path) -> ModuleType:
        name = path.parent.name if path.stem in RESERVED_STEMS else path.stem
        module = ModuleType(name)
        module.__file__ = str(path)
        sys.modules.setdefault(name, module)
        return module

    def remark(self, kind: Kind, text: str, source: SourceText, line: int) -> None:
        """Keep a remark on a line of a file's text."""
        where = self.location(source, line)
        self.remarks.append(Remark(kind, text, where.file, where.line, where.cell))

    def location(self, source: SourceText, line: int) -> Location:
        """A line of a file's text as the person sees it."""
        seen, cell = source.place(line)
        return Location(self.name(source.path), seen, cell)

    def name(self, path: Path) -> str:
        """A path as seen from the program's folder, with slashes; absolute on another drive."""
        try:
            return Path(os.path.relpath(path, self.folder)).as_posix()
        except ValueError:
            return path.as_posix()
