"""A solution file, cut into its layers, and the exercise that is made of each.

A line `# ---- NAME ----` begins the section of a layer. What stands before the first one (imports, helpers, base
classes) is given to the student. In a section, the body of every function is left to the student, except for `__init__`
and for functions whose signature ends with the comment `# given`; signatures and docstrings stay.
"""

import ast
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from backhand.exercises.hints import hint

HEADING = re.compile(r"^# ---- (\w+) ----\n", re.MULTILINE)
GIVEN = "# given"
MAX_LINE = 120

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Section:
    """A layer in a file: its name, and its text from the heading to the next one."""

    layer: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree of the section; its lines count from the heading."""
        return ast.parse(self.text)

    @property
    def defined(self) -> set[str]:
        """The functions and classes that the section defines."""
        return {node.name for node in self.tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}

    @property
    def used(self) -> set[str]:
        """All names that the section reads or writes."""
        return {node.id for node in ast.walk(self.tree) if isinstance(node, ast.Name)}

    def to_write(self) -> list[str]:
        """The functions whose bodies the student writes, methods as Class.method."""
        return [name for name, _ in self._exercises()]

    def exercise(self, page: str | None) -> str:
        """The text without the bodies that the student writes; each says what to do, and names the page of hints."""
        lines = self.text.splitlines(keepends=True)
        for name, function in reversed(list(self._exercises())):
            first, kept = function.body[0], ast.get_docstring(function) is not None
            start = first.end_lineno if kept else first.lineno - 1
            indent = " " * first.col_offset
            lines[start : function.end_lineno] = [_raise(indent, hint(name, function, page))]
        return "".join(lines)

    def _exercises(self) -> Iterator[tuple[str, Function]]:
        lines = self.text.splitlines()
        for name, function in _functions(self.tree):
            signature_end = lines[function.body[0].lineno - 2]
            if function.name != "__init__" and not signature_end.endswith(GIVEN):
                yield name, function


@dataclass(frozen=True)
class Source:
    """A file of a solution: its path in the folder of the convention, what is given, and its sections."""

    path: str
    preamble: str
    sections: tuple[Section, ...]

    @classmethod
    def parse(cls, path: str, text: str) -> Self:
        """Cut the text of a file at the headings of its sections."""
        marks = list(HEADING.finditer(text))
        ends = [mark.start() for mark in marks] + [len(text)]
        sections = (Section(mark[1], text[mark.start() : end]) for mark, end in zip(marks, ends[1:], strict=True))
        return cls(path, text[: ends[0]], tuple(sections))

    def of(self, layers: Collection[str]) -> Self:
        """The file with only the sections of these layers."""
        return type(self)(self.path, self.preamble, tuple(each for each in self.sections if each.layer in layers))

    def imports(self, other: "Source") -> bool:
        """Whether the file imports from another one of its convention."""
        module = "." + other.path.removesuffix(".py").replace("/", ".")
        return any(
            module.endswith(f".{node.module}")
            for node in ast.parse(self.preamble).body
            if isinstance(node, ast.ImportFrom)
        )

    def solution(self) -> str:
        """The text of the file, complete."""
        return _end(self.preamble + "".join(section.text for section in self.sections))

    def exercise(self, pages: dict[str, str]) -> str:
        """The text of the file for students; pages: layer -> its page of hints."""
        sections = (section.exercise(pages.get(section.layer)) for section in self.sections)
        return _end(self.preamble + "".join(sections))


def _functions(tree: ast.Module) -> Iterator[tuple[str, Function]]:
    """The functions of a module and the methods of its classes, in order; functions inside functions are not listed."""
    for node in tree.body:
        if isinstance(node, Function):
            yield node.name, node
        if isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{each.name}", each) for each in node.body if isinstance(each, Function))


def _raise(indent: str, message: str) -> str:
    """The statement that stands for a body, on three lines where one would be long."""
    line = f'{indent}raise NotImplementedError("{message}")\n'
    if len(line) <= MAX_LINE:
        return line
    return f'{indent}raise NotImplementedError(\n{indent}    "{message}"\n{indent})\n'


def _end(text: str) -> str:
    return text.rstrip("\n") + "\n"
