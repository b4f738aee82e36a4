"""What `import` does in a person's file: siblings through the surviving loader, stand-ins for what is missing."""

import ast
import builtins
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from backhand.check.source.compat import numpy_as, renamed_module
from backhand.check.source.compiled import compiled_module
from backhand.check.source.guarded import paused
from backhand.check.source.siblings import PACKAGES, Chain, child, find_absolute, find_relative
from backhand.check.source.stubs import Stub, progress_stub
from backhand.check.source.texts import SourceText

if TYPE_CHECKING:
    from backhand.check.source.session import Session

# Plots, progress bars and services: never imported, since they are slow, and a check has no use for them.
STUBBED = {"matplotlib", "pylab", "mpl_toolkits", "seaborn", "IPython", "ipywidgets", "plotly", "bokeh", "wandb"}
STUBBED |= {"tensorboard", "tensorboardX", "visdom", "google", "tkinter", "Tkinter", "turtle", "pytest", "nose"}
# Where they are missing there is no need to say so: layers do not compute with them.
UNREMARKED = {"pandas", "cv2", "PIL", "h5py", "imageio", "skimage", "graphviz", "pydot", "termcolor", "colorama"}
UNREMARKED |= {"progressbar", "tabulate", "prettytable", "requests", "psutil", "future", "past", "six", "Cython"}
# Names that courses give to files of their own; a package of that name is something else.
STAFF = {"tests", "test", "utils", "helpers", "public_tests", "test_utils", "testCases", "dnn_utils", "data_utils"}
BESIDE = "If it is a file of yours, put it beside this one."
IMPORT_ERRORS = (  # what a package that does not fit this machine may raise
    *(ArithmeticError, AssertionError, AttributeError, ImportError, LookupError, NameError, OSError),
    *(RuntimeError, SyntaxError, TypeError, ValueError),
)


def lines_of_tried_imports(statements: list[ast.stmt]) -> set[int]:
    """The lines of imports in the body of a `try`: where one fails, the code itself says what to do instead."""
    lines = set()
    for statement in statements:
        for node in ast.walk(statement):
            if isinstance(node, ast.Try) and node.handlers:
                inside = (inner for each in node.body for inner in ast.walk(each))
                lines |= {inner.lineno for inner in inside if isinstance(inner, ast.Import | ast.ImportFrom)}
    return lines


def first_use_without_import(name: str, statements: list[ast.stmt]) -> int | None:
    """The first line that uses a module's usual short name in a file that never binds it; None where there is none."""
    nodes = [node for statement in statements for node in ast.walk(statement)]
    aliases = [alias for node in nodes if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names]
    bound = any(alias.name == "*" or (alias.asname or alias.name) == name for alias in aliases)
    stored = any(isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store) for node in nodes)
    uses = [node.lineno for node in nodes if isinstance(node, ast.Name) and node.id == name]
    return min(uses, default=None) if not bound and not stored else None


def _missing_text(name: str, top: str) -> str:
    if top == "cupy":
        return f"The module `{name}` is not here; NumPy stands in for it."
    text = f"The module `{name}` is not here, so code that needs it cannot be checked."
    return f"{text} Install it with `pip install {top}`." if top in PACKAGES else f"{text} {BESIDE}"


class Importer:
    """The `__import__` of one file's code."""

    def __init__(self, session: "Session", source: SourceText, tried: set[int]) -> None:
        self.session = session
        self.source = source
        self.tried = tried
        self._chains: dict[tuple[str, int], Chain | None] = {}  # functions may import at every call

    def __call__(
        self,
        name: str,
        globals: Any = None,  # noqa: A002 - the names that Python's own `__import__` has
        locals: Any = None,  # noqa: A002
        fromlist: Any = (),
        level: int = 0,
    ) -> Any:
        """Return the first package of a dotted name, or where names are taken from it the last one."""
        line = sys._getframe(1).f_lineno
        parts = name.split(".") if name else []
        names = [each for each in fromlist or () if isinstance(each, str)]
        chain = self._chain(parts, level)
        if chain is not None:
            return self._sibling(chain, names, line)
        if (compiled := compiled_module(name, names)) is not None:
            return compiled
        if level or parts[0] in STAFF:
            return self._missing(name or ".", names, line)
        if parts[0] in STUBBED or parts[0] == "tqdm":
            return self._stand_in(name, names, silent=True)
        return self._installed(name, names, line)

    def _chain(self, parts: list[str], level: int) -> Chain | None:
        """The files that a dotted name means; None for a library or what is missing."""
        key = (".".join(parts), level)
        if key not in self._chains:
            extra, path = self.session.added_folders(), self.source.path
            self._chains[key] = find_relative(path, parts, level, extra) if level else find_absolute(path, parts, extra)
        return self._chains[key]

    def _installed(self, name: str, names: list[str], line: int) -> Any:
        """Import a library, without a limit of time; what cannot be imported gets a stand-in."""
        renamed = renamed_module(name)
        if renamed is not None:
            return renamed
        try:
            with paused():
                module = builtins.__import__(name, None, None, names, 0)
        except IMPORT_ERRORS:
            if line in self.tried:
                raise
            return self._missing(name, names, line)
        self.session.library_imported(name.partition(".")[0])
        return self._with_names(module, name, names, line)

    def _sibling(self, chain: Chain, names: list[str], line: int) -> Any:
        """Load the files of a chain of packages, each as an attribute of the one before."""
        modules: list[ModuleType] = []
        for name, path in chain:
            module = self.session.module_at(path, name)
            if modules:
                setattr(modules[-1], name, module)
            modules.append(module)
        if not names:
            return modules[0]
        last, folder = modules[-1], chain[-1][1]
        if folder is not None and folder.is_dir():
            self._load_children(last, folder, names)
        return self._with_names(last, ".".join(name for name, _ in chain), names, line)

    def _load_children(self, package: ModuleType, folder: Path, names: list[str]) -> None:
        """Load those modules in a package's folder that are imported by name."""
        wanted = [*getattr(package, "__all__", ())] if names == ["*"] else names
        for name in wanted:
            path = None if hasattr(package, name) else child(folder, name)
            if path is not None:
                setattr(package, name, self.session.module_at(path, name))

    def _with_names(self, module: Any, name: str, names: list[str], line: int) -> Any:
        """The module, or where it lacks some of the names a module that has stand-ins for these."""
        lacking = [each for each in names if each != "*" and not hasattr(module, each)]
        if not lacking or line in self.tried:
            return module
        complete = ModuleType(name)
        complete.__dict__.update({each: getattr(module, each) for each in names if each not in lacking})
        for each in lacking:
            setattr(complete, each, Stub(f"{name}.{each}", self.session.leniency))
            text = f"`{name}` has no `{each}`, so code that needs it cannot be checked. Look at its spelling, and at "
            text += "the version of a library."
            self.session.remark("missing name", text, self.source, line)
        return complete

    def _missing(self, name: str, names: list[str], line: int) -> Any:
        """A stand-in for a module that is not there, with a remark at the first import of it."""
        if line in self.tried:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        top = name.partition(".")[0] or name
        silent = top in UNREMARKED
        if not silent and top not in self.session.missing:
            self.session.missing.add(top)
            self.session.remark("missing module", _missing_text(name, top), self.source, line)
        if top == "cupy":
            return numpy_as(name)
        return self._stand_in(name, names, silent=silent)

    def _stand_in(self, name: str, names: list[str], *, silent: bool) -> Any:
        """The stand-in for the first package of a dotted name, or where names are taken from it for the last one."""
        top, *rest = name.split(".")
        stub: Any = progress_stub(top) if top == "tqdm" else Stub(top, None if silent else self.session.leniency)
        for part in rest if names else []:
            stub = getattr(stub, part)
        return stub
