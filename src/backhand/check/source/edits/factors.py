"""Changes of factors and divisors: dropped, or added from the names in scope."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise

from backhand.check.source.edits.code import Code, Level
from backhand.check.source.edits.reductions import reduction
from backhand.check.source.edits.scope import Change, Scope

COUNT = re.compile(r"N|m|n|M|B|bs|batch\w*|num_\w+|n_\w+|\w*_size|count|total|D")
UPSTREAM = re.compile(r"d[A-Za-z_]\w*|grad\w*|delta\w*|upstream|error|gz|gy|\w*_grad|g")
LOCAL = re.compile(r"\w*mask\w*|gamma|g|slope|\w*deriv\w*|\w*prime|ds|w")
PRODUCTS = (ast.Mult, ast.Div, ast.FloorDiv, ast.MatMult)


def dropped_factors(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """A product or a quotient without one of its two operands."""
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, PRODUCTS)):
        return
    left, right = scope.code(node.left), scope.code(node.right)
    division = isinstance(node.op, ast.Div | ast.FloorDiv)
    tier = 1 if not isinstance(node.op, ast.MatMult) else 4
    yield scope.replace(node, left, "divisor dropped" if division else "factor dropped", tier)
    trivial = isinstance(node.left, ast.Constant)
    if not division:
        yield scope.replace(node, right, "factor dropped", tier)
    elif not trivial:
        yield scope.replace(node, Code("1").binary("/", right), "factor dropped", 4)


def added_factors(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """A result, a term of it, or what is summed, times or divided by a name, a size or a number."""
    place = _place(node, scope)
    if place is None or isinstance(node, ast.Constant | ast.List | ast.Compare | ast.Lambda):
        return
    code, line = scope.code(node), scope.line(node)
    yield from _numbers(node, code, place, scope)
    for divisor, tier in _counts(line, scope):
        yield scope.replace(node, code.binary("/", divisor), "divisor added", tier + place)
        yield scope.replace(node, code.binary("*", divisor), "factor added", tier + place + 2)
    inside = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    for name in scope.variables.of_kind("array", before=line):
        tier = 0 if scope.variables.is_unused(name) else _tier_of_array(name, scope)
        if tier + place < 5:
            present = name in inside
            yield scope.replace(node, code.binary("*", Code(name)), "factor added", tier + place + present)
    for name in scope.variables.of_kind("setting", before=line):
        tier = place + (0 if scope.variables.is_unused(name) else 1)
        setting, rest = Code(name), Code(name).complement()
        for symbol, value in (("*", setting), ("/", setting), ("*", rest), ("/", rest)):
            operator = "factor added" if symbol == "*" else "divisor added"
            yield scope.replace(node, code.binary(symbol, value), operator, tier + (value is rest))


def _place(node: ast.expr, scope: Scope) -> int | None:
    """How unusual it is that a factor is missing here: 0 for a whole result; None for a place without a factor."""
    if node in scope.roots:
        return None if scope.is_size_root(node) else 0
    parent = scope.parent(node)
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add | ast.Sub):
        return 1
    call = reduction(parent, scope)
    if call is not None and call.array is node and call.function.value is not node:
        return 1
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.MatMult):
        return 2
    if isinstance(parent, ast.Attribute) and isinstance(scope.parent(parent), ast.Call):
        return 1 if reduction(scope.parent(parent), scope) is not None else None
    if isinstance(parent, ast.Call) and node in parent.args and _is_product(parent):
        return 2
    if isinstance(parent, ast.Call) and parent.args and parent.args[0] is node:
        return 3
    return 3 if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mult) else None


def _is_product(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr in ("dot", "matmul", "mm", "einsum", "tensordot")


def _numbers(node: ast.expr, code: Code, place: int, scope: Scope) -> Iterator[Change]:
    yield scope.replace(node, code.negated(), "sign", 1 + place)
    yield scope.replace(node, Code("2").binary("*", code), "factor added", 1 + place)
    yield scope.replace(node, Code("0.5").binary("*", code), "factor added", 1 + place)
    yield scope.replace(node, code.complement(), "one minus added", 2 + place)


def _counts(line: int, scope: Scope) -> Iterator[tuple[Code, int]]:
    """The numbers of samples or elements that a mean divides by, the most usual first."""
    sizes = scope.variables.of_kind("size", before=line)
    counts = [name for name in sizes if COUNT.fullmatch(name.rpartition(".")[2])]
    for rank, name in enumerate(counts):
        yield Code(name), 0 if rank == 0 or scope.variables.is_unused(name) else 2
    for rank, name in enumerate(scope.whole_arrays(line)[:3]):
        yield Code(f"{name}.shape[0]"), (1 if rank == 0 else 2) + bool(counts)
        yield Code(f"{name}.shape[1]"), 2 + bool(counts)
        yield Code(f"{name}.size"), 3
    for first, second in pairwise(counts):
        yield Code(f"({first} * {second})", Level.ATOM), 3


def _tier_of_array(name: str, scope: Scope) -> int:
    bare = name.rpartition(".")[2]
    if name in scope.variables.parameters and UPSTREAM.fullmatch(bare):
        return 1
    return 1 if LOCAL.fullmatch(bare) else 2 if UPSTREAM.fullmatch(bare) or "hat" in bare else 3


RULES = (dropped_factors, added_factors)
