"""Loops in each other that use the same variable, which nothing but the text of a function shows."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from types import FunctionType
from typing import Any, NamedTuple

from backhand.check.source.definitions import plain
from backhand.check.source.edits.text import FunctionText
from backhand.check.source.guarded import outcome
from backhand.check.source.program import Program
from backhand.check.source.remarks import Place
from backhand.check.verdicts.naming import place_of


class ReusedName(NamedTuple):
    """The variable of a loop that a loop inside uses as well, and where that one begins."""

    name: str
    place: Place | None


def reused_name(functions: Sequence[Any], program: Program) -> ReusedName | None:
    """The first such variable of these functions; None for none."""
    for function in map(plain, functions):
        start = place_of(program, function) if isinstance(function, FunctionType) else None
        text = outcome(partial(FunctionText, function)).value
        if start is not None and text is not None:
            for loop, name in _reused(text.node):
                return ReusedName(name, replace(start, line=start.line + loop.lineno - text.node.lineno))
    return None


def _reused(tree: ast.AST, used: frozenset[str] = frozenset()) -> Iterator[tuple[ast.For, str]]:
    """The loops inside others of the same variable."""
    for node in ast.iter_child_nodes(tree):
        target = ast.walk(node.target) if isinstance(node, ast.For) else ()
        names = {each.id for each in target if isinstance(each, ast.Name) and each.id != "_"}
        if isinstance(node, ast.For) and names & used:
            yield node, min(names & used)
        yield from _reused(node, used | names)
