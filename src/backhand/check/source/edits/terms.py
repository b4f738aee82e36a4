"""Terms that are missing from a sum: a bias, a penalty, a mean or a variance term, another gradient."""

import ast
import re
from collections.abc import Iterator

from backhand.check.source.edits.code import Code
from backhand.check.source.edits.names import path
from backhand.check.source.edits.reductions import reduction
from backhand.check.source.edits.scope import Change, Scope

PENALTY = re.compile(r"reg\w*|lam\w*|lmbda|l2\w*|weight_decay|alpha|decay")
WEIGHT = re.compile(r"\w*[wW]\w*|theta\w*|T\d?|Theta\w*")
BIAS = re.compile(r"b\w?|bias\w*|beta\d?")
NORMALISED = re.compile(r"(?!d)(\w*(hat|norm|bar)\w*|xn|xmu|x_mu|n|z)")
OUTPUT = re.compile(r"y|out\w*|p|probs?|s|softmax\w*|a|A|output|scores|h")


def added_terms(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """A bias, another array, or the gradient of a penalty added to a result."""
    parent, line = scope.parent(node), scope.line(node)
    activated = isinstance(parent, ast.Call) and node in parent.args and isinstance(node, ast.Call | ast.BinOp)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        yield from _unused_terms(node, scope)
    if not (scope.is_computed(node) or activated):
        return
    code = scope.code(node)
    inside = {path(each) for each in ast.walk(node) if isinstance(each, ast.Name | ast.Attribute)}
    for name in scope.variables.of_kind("array", before=line):
        bare = name.rpartition(".")[2]
        bias = BIAS.fullmatch(bare) is not None
        unused = scope.variables.is_unused(name)
        similar = scope.is_gradient(node) and bare.startswith("d") and name not in scope.variables.parameters
        if name in inside or not (bias or unused or similar) or (activated and not bias):
            continue
        tier = 3 if not unused else 0 if bias and name in scope.variables.parameters else 1
        yield scope.replace(node, code.binary("+", Code(name)), "term added", 1 if bias and not unused else tier)
        if unused:
            yield scope.replace(node, code.binary("-", Code(name)), "term added", tier + 1)
            for count in scope.variables.of_kind("size", before=line) if not bias else ():
                term = Code(name).binary("/", Code(count))
                yield scope.replace(node, code.binary("+", term), "term added", tier + 1)
    for penalty in scope.variables.of_kind("setting", before=line) if scope.is_computed(node) else ():
        if PENALTY.fullmatch(penalty.rpartition(".")[2]):
            yield from _penalties(node, code, penalty, scope)


def _unused_terms(node: ast.BinOp, scope: Scope) -> Iterator[Change]:
    """A variable that is computed and never used, added to a sum of its kind or subtracted from it."""
    for name in scope.variables.of_kind("array", before=scope.line(node)):
        if scope.variables.is_unused(name) and name not in scope.variables.parameters:
            for symbol in ("-", "+") if isinstance(node.op, ast.Sub) else ("+", "-"):
                yield scope.replace(node, scope.code(node).binary(symbol, Code(name)), "term added", 0)
            for count in scope.variables.of_kind("size", before=scope.line(node)):
                term = Code(name).binary("/", Code(count))
                yield scope.replace(node, scope.code(node).binary("+", term), "term added", 1)


def _penalties(node: ast.expr, code: Code, penalty: str, scope: Scope) -> Iterator[Change]:
    tier = 0 if scope.variables.is_unused(penalty) else 1
    strength = Code(penalty)
    for name in scope.variables.of_kind("array", before=scope.line(node)) + sorted(scope.entries):
        if WEIGHT.fullmatch(name.rpartition(".")[2]) or name in scope.entries:
            weight = Code(name)
            yield scope.replace(node, code.binary("+", strength.binary("*", weight)), "penalty added", tier)
            twice = Code("2").binary("*", strength).binary("*", weight)
            yield scope.replace(node, code.binary("+", twice), "penalty added", tier)
            total = Code(f"{scope.module()}.sum({weight.binary('**', Code('2')).text})")
            yield scope.replace(node, code.binary("+", strength.binary("*", total)), "penalty added", tier + 1)
            half = Code("0.5").binary("*", strength).binary("*", total)
            yield scope.replace(node, code.binary("+", half), "penalty added", tier + 1)


def centred(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """The mean term or the variance term of a normalisation, or the common term of a softmax, subtracted."""
    place = _place(node, scope)
    if place is None:
        return
    code = scope.code(node)
    axis = "dim" if scope.uses_torch else "axis"
    keeping = "keepdim=True" if scope.uses_torch else "keepdims=True"
    others, is_output = _normalised(node, scope)
    for rank, axes in enumerate(("0", f"1, {keeping}")):
        yield scope.replace(
            node, code.binary("-", code.dotted(f".mean({axis}={axes})")), "mean term added", place + rank
        )
        for other in others[:3]:
            product = code.binary("*", Code(other))
            if not is_output:
                term = Code(other).binary("*", product.dotted(f".mean({axis}={axes})"))
                yield scope.replace(node, code.binary("-", term), "variance term added", place + rank)
            elif rank == 1:
                total = product.dotted(f".sum({axis}={axes})")
                yield scope.replace(node, code.binary("-", total), "common term added", place)


def _normalised(node: ast.expr, scope: Scope) -> tuple[list[str], bool]:
    """The normalised arrays in scope; if none is named so, those named like the result of a softmax, and True."""
    names = scope.variables.of_kind("array", before=scope.line(node))
    for pattern, is_output in ((NORMALISED, False), (OUTPUT, True)):
        found = [name for name in names if pattern.fullmatch(name.rpartition(".")[2]) and name != path(node)]
        if found:
            return found, is_output
    return [], False


def missing_reduced_terms(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """A sum that lacks its mean or its variance term: N * d - d.sum(0) - x_hat * (d * x_hat).sum(0)."""
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub)):
        return
    if isinstance(scope.parent(node), ast.BinOp) and isinstance(scope.parent(node).op, ast.Sub):  # type: ignore[attr-defined]
        return
    arrays = {path(each) for each in ast.walk(node) if isinstance(each, ast.Name | ast.Attribute)}
    arrays = {name for name in arrays if scope.variables.kinds.get(name) == "array"}
    first = next((path(each) for each in _factors(node) if path(each) in arrays), "")
    calls = [call for each in ast.walk(node) if (call := reduction(each, scope)) is not None]
    if not first or not calls:
        return
    total = calls[0].with_axis(ast.unparse(calls[0].axis) if calls[0].axis else "0").removeprefix(calls[0].start)
    code = scope.code(node)
    name, ending = calls[0].name, total.removeprefix(", ")
    yield scope.replace(node, code.binary("-", Code(f"{first}.{name}({ending}")), "mean term added", 1)
    for other in _normalised(node, scope)[0]:
        if other != first:
            term = Code(other).binary("*", Code(f"({first} * {other}).{name}({ending}"))
            yield scope.replace(node, code.binary("-", term), "variance term added", 2)


def _factors(node: ast.expr) -> Iterator[ast.expr]:
    """The innermost factors of the first term."""
    while isinstance(node, ast.BinOp):
        if isinstance(node.op, ast.Mult | ast.Div):
            yield from _factors(node.right)
        node = node.left
    yield node


def _place(node: ast.expr, scope: Scope) -> int | None:
    """How unusual it is that a term is missing here: of a gradient that is multiplied; None where it cannot be."""
    parent, name = scope.parent(node), path(node)
    if not isinstance(node, ast.Name) or scope.variables.kinds.get(name) != "array":
        return None
    if not re.match(r"d|g|delta", name) or not isinstance(parent, ast.BinOp):
        return None
    return 1 if isinstance(parent.op, ast.Mult | ast.Div) else None


RULES = (added_terms, centred, missing_reduced_terms)
