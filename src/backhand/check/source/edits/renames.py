"""Changes of names: one variable for another, and the order of names in tuples."""

import ast
import re
from collections.abc import Iterator
from itertools import combinations, permutations
from types import FunctionType

from backhand.check.source.edits.names import path
from backhand.check.source.edits.scope import Change, Scope

COUNT = re.compile(r"N|m|n|M|B|D|\w*batch\w*|num_\w+|n_\w+|count|total")
SIDES = re.compile(r"heights?|widths?|rows?|cols?|vert|horiz|[hHwWxy]|\d|(?<![a-z])[ij](?![a-z])")


def other_variables(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """Another variable of the same kind in the place of a name or an attribute of self."""
    name = path(node)
    if not isinstance(node, ast.Name | ast.Attribute) or not isinstance(node.ctx, ast.Load):
        return
    if name not in scope.variables.bound:
        return
    kind, parent = scope.variables.kinds[name], scope.parent(node)
    kinds = ("size", "index") if kind in ("size", "index") else (kind,)
    deep = isinstance(parent, ast.Attribute) and parent.attr in ("shape", "dtype", "ndim", "size")
    for other in scope.variables.of_kind(*kinds, before=scope.line(node)):
        if other != name:
            named = any(_related(other, target) for target in scope.targets(node))
            tier = 1 if named and not deep and kind == "array" else _tier(name, other, scope) + deep
            yield scope.replace(node, other, "other size" if "size" in kinds else "other variable", tier)


def _tier(name: str, other: str, scope: Scope) -> int:
    bare, bare_other = name.rpartition(".")[2], other.rpartition(".")[2]
    if scope.variables.is_unused(other):
        return scope.variables.tier_if_unused(other)
    if SIDES.sub("#", bare) == SIDES.sub("#", bare_other) or _related(bare, bare_other):
        return 1
    if {name, other} <= scope.variables.lists:
        return 1
    if other == scope.variables.computed_from.get(name) or name == scope.variables.computed_from.get(other):
        return 1  # what goes into an activation for what comes out of it
    kind = scope.variables.kinds[other]
    if kind == "array":
        return 2 if other in scope.variables.given else 3
    if COUNT.fullmatch(bare) and COUNT.fullmatch(bare_other):
        return 1
    return 3 if kind == "size" else 2


def _related(name: str, other: str) -> bool:
    """Whether names share what they name: x and x_hat, dout and out, mean and running_mean."""
    words, others = set(name.strip("_").split("_")), set(other.strip("_").split("_"))
    stems = {word.removeprefix("d") for word in words} & {word.removeprefix("d") for word in others}
    return bool(stems - {""}) or name.startswith(other) or other.startswith(name)


def other_functions(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """Another function of the file whose name shares a word: sigmoid for sigmoid_prime."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
        return
    name = node.func.id
    for other, value in scope.function.__globals__.items():
        if other != name and isinstance(value, FunctionType) and _related(name, other):
            yield scope.replace(node.func, other, "other function", 2)


def reordered(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """Two elements of a tuple, of an index, or of the sizes of a reshape exchanged."""
    elements, tier = _sequence(node, scope)
    if len(elements) < 2 or any(isinstance(each, ast.Starred) for each in elements):
        return
    spans = [scope.text.bracketed_span(each) for each in elements]
    texts = [scope.text.data[begin:end].decode() for begin, end in spans]
    start, stop = spans[0][0], spans[-1][1]
    for distance in range(1, len(texts)):
        for i in range(len(texts) - distance):
            order = list(range(len(texts)))
            order[i], order[i + distance] = i + distance, i
            yield _in_order(node, start, stop, texts, order, tier + (distance > 2))
    if 3 <= len(texts) <= 4:
        for each in permutations(range(len(texts))):
            yield _in_order(node, start, stop, texts, list(each), tier + 2)


def _in_order(node: ast.expr, start: int, stop: int, texts: list[str], order: list[int], tier: int) -> Change:
    text = ", ".join(texts[i] for i in order)
    return Change(start, stop, text, "order", tier, node)


def _sequence(node: ast.expr, scope: Scope) -> tuple[list[ast.expr], int]:
    """The elements whose order may be mistaken, and how unusual that is."""
    parent = scope.parent(node)
    if isinstance(node, ast.Tuple):
        if isinstance(parent, ast.Assign | ast.Return):
            return node.elts, 1
        return node.elts, 2 if isinstance(parent, ast.Subscript) else 3
    if isinstance(node, ast.Call) and path(node.func).rpartition(".")[2] in (
        "reshape",
        "view",
        "randn",
        "rand",
        "where",
    ):
        skipped = 1 if path(node.func).endswith("where") else 0
        if not node.keywords:
            return node.args[skipped:], 2
    return [], 0


def exchanged_complements(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """m * a + (1 - m) * b with m and 1 - m exchanged."""
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub)):
        return
    text, (start, stop) = scope.text.segment(node), scope.text.span(node)
    for inner in ast.walk(node):
        if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Sub) and isinstance(inner.left, ast.Constant):
            share, rest = scope.text.segment(inner.right), scope.text.segment(inner)
            outside = re.sub(rf"\(\s*{re.escape(rest)}\s*\)", "\0", text)
            if outside.count("\0") == 1 and re.search(rf"(?<![\w.]){re.escape(share)}(?!\w)", outside):
                swapped = re.sub(rf"(?<![\w.]){re.escape(share)}(?!\w)", "\1", outside)
                changed = swapped.replace("\0", share).replace("\1", f"({rest})")
                yield Change(start, stop, changed, "complements exchanged", 1, node)


def twins_exchanged(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """Both names of a pair such as H and W exchanged in an index or in the arguments of a call."""
    if not isinstance(node, ast.Subscript | ast.Call | ast.BinOp):
        return
    found = [each for each in ast.walk(node) if isinstance(each, ast.Name) and each.id in scope.variables.bound]
    for first, second in combinations(sorted({each.id for each in found}), 2):
        if SIDES.sub("#", first) == SIDES.sub("#", second) and len(first) == len(second):
            text = _with_exchanged_names(scope.text.segment(node), first, second)
            yield Change(*scope.text.span(node), text, "names exchanged", 2, node)


def _with_exchanged_names(text: str, first: str, second: str) -> str:
    other = {first: second, second: first}
    return re.sub(rf"(?<![\w.])({first}|{second})(?!\w)", lambda match: other[match[1]], text)


RULES = (other_variables, other_functions, reordered, exchanged_complements, twins_exchanged)
