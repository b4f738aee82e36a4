"""The functions and classes that a file defines, with their lines and their text as the person wrote it."""

import ast
import functools
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from types import FunctionType, MethodType, ModuleType
from typing import Any

from backhand.check.source.remarks import Place
from backhand.check.source.session import LoadedFile

Node = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
WRAPPERS = ("__wrapped__", "py_func", "func", "fun", "fget", "__func__")  # where decorators keep the function
MOST_WRAPPERS = 10


@dataclass(frozen=True)
class Definition:
    """A function or class at the top level of a module, under the name that the module has it by.

    value: the function or class itself, or what a decorator made of it.   location: of its `def` or `class` line.
    """

    name: str
    value: Any
    module: ModuleType
    location: Place


def plain(value: Any) -> Any:
    """The function below a method, a partial application or decorators that keep what they wrap."""
    for _ in range(MOST_WRAPPERS):
        if isinstance(value, MethodType):
            value = value.__func__
            continue
        inner = (_kept(value, name) for name in WRAPPERS)
        found = next((each for each in inner if isinstance(each, FunctionType | MethodType | functools.partial)), None)
        if found is None:
            return value
        value = found
    return value


def _kept(value: Any, name: str) -> Any:
    """An attribute without calling any code of the person's; of properties and the like what the type says."""
    if isinstance(value, property | staticmethod | classmethod | functools.partial):
        return getattr(value, name, None)
    return inspect.getattr_static(value, name, None)


class FileIndex:
    """Where a file's functions and classes stand, by their qualified names and by their first lines."""

    def __init__(self, file: LoadedFile) -> None:
        self.file = file
        self.nodes: dict[str, Node] = {}
        self._by_line: dict[int, Node] = {}
        for name, node in qualified(file.tree, ""):
            self.nodes[name] = node
            self._by_line[first_line(node)] = node

    def node(self, value: Any) -> Node | ast.stmt | None:
        """The definition of a function or class of this file; of a lambda the statement that holds it."""
        value = plain(value)
        if isinstance(value, type):
            same_module = value.__module__ == self.file.module.__name__
            return self.nodes.get(value.__qualname__) if same_module else None
        code = getattr(value, "__code__", None)
        if code is None or code.co_filename != str(self.file.source.path):
            return None
        line: int = code.co_firstlineno
        return self._by_line.get(line) or self._statement(line)

    def _statement(self, line: int) -> ast.stmt | None:
        """The innermost statement that covers a line."""
        covering = [
            node
            for statement in self.file.tree
            for node in ast.walk(statement)
            if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)
        ]
        return max(covering, key=lambda node: node.lineno, default=None)

    def text(self, node: ast.stmt) -> str:
        """The person's text of a statement, decorators included, moved to the margin."""
        lines = self.file.source.text.split("\n")[first_line(node) - 1 : node.end_lineno]
        return textwrap.dedent("\n".join(lines)) + "\n"

    def top_level(self) -> Iterator[tuple[str, Any, ast.stmt]]:
        """The functions and classes that the module defines at its top level: name, value and statement, in order."""
        seen: set[int] = set()
        for name, statement in _assigned(self.file.tree):
            value = self.file.module.__dict__.get(name)
            defined = isinstance(statement, Node) and callable(value)
            if id(value) not in seen and (defined or (isinstance(value, FunctionType) and self.node(value))):
                seen.add(id(value))
                yield name, value, statement


def first_line(node: ast.stmt) -> int:
    """The line of a definition's first decorator, or of the statement itself."""
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno, *(each.lineno for each in decorators)])


def qualified(statements: list[ast.stmt], prefix: str) -> Iterator[tuple[str, Node]]:
    """Every definition in these statements and within them, with the name that Python gives it."""
    for statement in statements:
        if isinstance(statement, Node):
            name = prefix + statement.name
            yield name, statement
            inner = f"{name}." if isinstance(statement, ast.ClassDef) else f"{name}.<locals>."
            yield from qualified(statement.body, inner)
        else:
            yield from qualified(_body(statement), prefix)


def _assigned(statements: list[ast.stmt]) -> Iterator[tuple[str, ast.stmt]]:
    """The names that definitions and plain assignments at the top level bind; definitions first."""
    flat = list(_flat(statements))
    for statement in flat:
        if isinstance(statement, Node):
            yield statement.name, statement
    for statement in flat:
        if isinstance(statement, ast.Assign):
            yield from ((target.id, statement) for target in statement.targets if isinstance(target, ast.Name))


def _flat(statements: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of the module's own level, those inside `if`, `try`, `with` and loops included."""
    for statement in statements:
        yield statement
        if not isinstance(statement, Node):
            yield from _flat(_body(statement))


def _body(statement: ast.stmt) -> list[ast.stmt]:
    """All statements directly inside a compound one."""
    inside = [each for name in ("body", "orelse", "finalbody") for each in getattr(statement, name, [])]
    handlers = [each for handler in getattr(statement, "handlers", []) for each in handler.body]
    cases = [each for case in getattr(statement, "cases", []) for each in case.body]
    return [*inside, *handlers, *cases]
