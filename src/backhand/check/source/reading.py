"""The statements of a file's text, read as Python 3 or, where only that helps, as Python 2."""

import ast
from collections.abc import Iterator
from typing import NamedTuple

from backhand.check.source.blocks import parse
from backhand.check.source.compat import BUILTINS
from backhand.check.source.python2 import DictionaryMethods, convert
from backhand.check.source.statements import Failure


class Reading(NamedTuple):
    """text: what the statements were read from, which is Python 3.   failures: the blocks that were left out."""

    text: str
    statements: list[ast.stmt]
    failures: list[Failure]
    is_python2: bool

    @property
    def docstring(self) -> str | None:
        """The docstring of the module."""
        return ast.get_docstring(ast.Module(self.statements, type_ignores=[]))


def read_statements(text: str) -> Reading:
    """Read a text as Python 3; where blocks hold errors, as Python 2 if more of it can be read so."""
    parsed, failures, is_python2 = parse(text), [], False
    if parsed.errors:
        converted = convert(text)
        again = parse(converted.text) if converted.sign else parsed
        if len(again.errors) < len(parsed.errors):
            parsed, text, is_python2 = again, converted.text, converted.sign != MIXED_TABS
            failures.append(_python2_failure(converted.line, converted.sign))
    if not is_python2:
        failures += _python2_names(parsed.statements)
    failures += [_syntax_failure(error, text) for error in parsed.errors]
    statements = [DictionaryMethods().visit(each) for each in parsed.statements]
    return Reading(parsed.text, statements, failures, is_python2)


MIXED_TABS = "tabs mixed with spaces"


def _python2_failure(line: int, sign: str) -> Failure:
    if sign == MIXED_TABS:
        text = (
            "This file mixes tabs and spaces; a tab was read as up to eight spaces. Let your editor write spaces only."
        )
        return "python 2", text, line
    text = (
        f"This file is written for Python 2, as {sign} shows, and was read as such. "
        "`/` between integers rounds down there, and so it does in this check; write `//` for Python 3."
    )
    return "python 2", text, line


def _python2_names(statements: list[ast.stmt]) -> Iterator[Failure]:
    """A remark on the first built-in name of Python 2 that a file uses without defining it."""
    nodes = [node for statement in statements for node in ast.walk(statement)]
    names = [node for node in nodes if isinstance(node, ast.Name)]
    bound = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    bound |= {
        alias.asname or alias.name
        for node in nodes
        if isinstance(node, ast.ImportFrom | ast.Import)
        for alias in node.names
    }
    bound |= {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    bound |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    used = [node for node in names if node.id in BUILTINS and node.id not in bound]
    if used:
        first = min(used, key=lambda node: node.lineno)
        text = f"`{first.id}` is a name of Python 2, which Python 3 does not have; it is provided here."
        yield "python 2", text, first.lineno


def _syntax_failure(error: SyntaxError, text: str) -> Failure:
    """What the parser says of a block, with its line and column, and which block is left out."""
    line = error.lineno or 1
    column = f", column {error.offset}" if error.offset else ""
    words = (error.msg or "").partition(" (<unknown>")[0].rstrip(".")
    said = "Python cannot read it" if words in {"", "invalid syntax"} else f"Python says: {words}"
    lines = text.split("\n")
    shown = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    quoted = f" at `{shown[:60]}`" if shown else ""
    return (
        "syntax",
        f"There is a syntax error{quoted}{column}: {said}. The function or statement that holds it is left out.",
        line,
    )
