"""The functions of a program that a function calls: its helpers, and the methods among which it shares its work."""

import ast
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType

from backhand.check.source.definitions import plain
from backhand.check.source.edits.text import read

MOST_CALLED = 8  # functions that are looked at besides the one that makes a pass


def called_functions(function: FunctionType, cls: type | None = None) -> list[FunctionType]:
    """The functions of the same program that a function calls, and those that these call, the nearest first.

    cls: the class whose methods `self.name(...)` means.
    """
    folder = Path(function.__code__.co_filename).parent
    found: list[FunctionType] = []
    for current in _growing([function], found):
        text = read(current)
        calls = [node for node in ast.walk(text.node) if isinstance(node, ast.Call)] if text else []
        for call in calls:
            callee = plain(_callee(call.func, current, cls))
            known = isinstance(callee, FunctionType) and folder in Path(callee.__code__.co_filename).parents
            if known and callee not in (function, *found) and len(found) < MOST_CALLED:
                found.append(callee)
    return found


def _growing(first: list[FunctionType], more: list[FunctionType]) -> Iterator[FunctionType]:
    """All of both lists, the second of which may still grow."""
    yield from first
    position = 0
    while position < len(more):
        yield more[position]
        position += 1


def _callee(target: ast.expr, function: FunctionType, cls: type | None) -> object:
    """What a call calls: a global name, an attribute of a module, or a method of the object itself."""
    if isinstance(target, ast.Name):
        return function.__globals__.get(target.id)
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
        if target.value.id in ("self", "cls") and cls is not None:
            return getattr(cls, target.attr, None)
        owner = function.__globals__.get(target.value.id)
        return getattr(owner, target.attr, None) if isinstance(owner, ModuleType) else None
    return None
