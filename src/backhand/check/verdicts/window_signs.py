"""Signs of a mistake in layers that work window by window, and in whatever else fills arrays part by part."""

import ast
import re

from backhand.check.reading.words import words
from backhand.check.source.edits.flow import targets
from backhand.check.source.edits.names import path
from backhand.check.source.running import Statement
from backhand.check.verdicts.signs import called


def stores_in_part(statement: Statement) -> bool:
    """A part of an array gets a value, or values are added to it."""
    parts = [target for target, _ in targets(statement.node) if isinstance(target, ast.Subscript)]
    return (
        any(not isinstance(each.slice, ast.Constant) for each in parts)
        or "scatter_add_" in called(statement)
        or (isinstance(statement.node, ast.Expr) and "at" in called(statement))
    )


def stores_in_a_loop(statement: Statement) -> bool:
    """Values are added to an array, or to a part of it, again and again."""
    return statement.loops > 0 and (stores_in_part(statement) or isinstance(statement.node, ast.AugAssign))


def takes_a_window(statement: Statement) -> bool:
    """A window is cut out of an array, in a loop or by a function that arranges windows in columns."""
    cut = any(_bounds(each) for each in statement.walk() if isinstance(each, ast.Subscript))
    return (cut and statement.loops > 0) or any(re.search("col|stride|window", name) for name in called(statement))


def cuts_unevenly(statement: Statement) -> bool:
    """A window has a first and a last index along one axis, and a single computed one along another."""
    for each in statement.walk():
        if isinstance(each, ast.Subscript) and isinstance(each.slice, ast.Tuple):
            computed = [part for part in each.slice.elts if isinstance(part, ast.BinOp)]
            if computed and any(part.lower is not None and part.upper is not None for part in _bounds(each)):
                return True
    return False


def crops(statement: Statement) -> bool:
    """A margin is cut off."""
    return statement.loops == 0 and any(
        _bounds(each)
        for each in statement.walk()
        if isinstance(each, ast.Subscript) and isinstance(each.ctx, ast.Load) and not path(each.value).endswith("shape")
    )


def pads(statement: Statement) -> bool:
    """A margin is put around an array."""
    return any("pad" in words(name) for name in called(statement)) or (
        statement.loops == 0
        and any(_bounds(target) for target, _ in targets(statement.node) if isinstance(target, ast.Subscript))
    )


def _bounds(node: ast.Subscript) -> list[ast.Slice]:
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    return [each for each in parts if isinstance(each, ast.Slice) and (each.lower or each.upper)]


def flips(statement: Statement) -> bool:
    """An array is turned round."""
    return "[::-1" in ast.unparse(statement.node) or bool(called(statement) & {"flip", "rot90", "flipud", "fliplr"})


def names_a_padding(statement: Statement) -> bool:
    """A padding is called by a word."""
    texts = [each.value for each in statement.walk() if isinstance(each, ast.Constant)]
    return any(text in ("same", "valid", "full") for text in texts)


def takes_sizes(statement: Statement) -> bool:
    """Sizes are taken from a shape."""
    return any(isinstance(each, ast.Attribute) and each.attr == "shape" for each in statement.walk()) and any(
        isinstance(target, ast.Name) for target, _ in targets(statement.node)
    )


def compares_with_the_maximum(statement: Statement) -> bool:
    """Values are compared with one another for equality."""
    equal = [each for each in statement.walk() if isinstance(each, ast.Compare) and isinstance(each.ops[0], ast.Eq)]
    with_maximum = [each for each in equal if re.search("max", ast.unparse(each), re.IGNORECASE)]
    return not isinstance(statement.node, ast.If | ast.While) and bool(with_maximum or "equal" in called(statement))
