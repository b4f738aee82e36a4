"""Changes of whole statements: how they assign, whether they stand there, and in which order."""

import ast
from collections.abc import Iterator
from itertools import pairwise

from backhand.check.source.edits.arithmetic import SYMBOLS
from backhand.check.source.edits.names import path
from backhand.check.source.edits.scope import Change, Scope

Simple = ast.Assign | ast.AugAssign | ast.Expr | ast.AnnAssign


def assignments(scope: Scope) -> Iterator[Change]:
    """`=`, `+=` and `-=` for one another."""
    for statement in scope.statements:
        if isinstance(statement, ast.AugAssign):
            yield from _augmented(statement, scope)
        elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
            if isinstance(target, ast.Tuple | ast.List) or scope.variables.kinds.get(path(target)) in ("size", "index"):
                continue
            tier = 1 if isinstance(target, ast.Subscript) else 2 if isinstance(target, ast.Attribute) else 3
            yield _assigned(statement, target, "+=", "= to +=", tier, scope)
            yield _assigned(statement, target, "-=", "= to -=", tier + 1, scope)


def _augmented(statement: ast.AugAssign, scope: Scope) -> Iterator[Change]:
    target, symbol = statement.target, SYMBOLS[type(statement.op)]
    others = {"+": ("", "-"), "-": ("+", ""), "*": ("/", ""), "/": ("*", "")}.get(symbol, ("",))
    for other in others:
        yield _assigned(statement, target, f"{other}=", f"{symbol}= to {other}=", 1, scope)
    value, left = scope.code(statement.value), scope.code(target)
    if isinstance(target, ast.Name):
        changed = f"{left.text} = {left.binary(symbol, value).text}"
        yield scope.rewrite(statement, changed, "in place no longer", 1)
    if isinstance(target, ast.Subscript) and symbol == "+":
        array, index = scope.text.segment(target.value), scope.text.segment(target.slice)
        sliced = ":" in index
        repeated = f"{scope.module()}.add.at({array}, {index}, {value.text})"
        if scope.uses_torch:
            repeated = f"{array}.index_put_(({index},), {value.text}, accumulate=True)"
        if not sliced:
            yield scope.rewrite(statement, repeated, "repeated indices added", 1)


def _assigned(
    statement: ast.Assign | ast.AugAssign, target: ast.expr, symbol: str, operator: str, tier: int, scope: Scope
) -> Change:
    _, start = scope.text.span(target)
    after = scope.text.data.find(b"=", start) + 1
    return Change(start, after, f" {symbol}", operator, tier, statement)


def masked(scope: Scope) -> Iterator[Change]:
    """A write into an array that somebody else holds, as a new array: x[mask] = v becomes x = np.where(mask, v, x)."""
    for statement in scope.statements:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Subscript):
            target = statement.targets[0]
            array, index = scope.text.segment(target.value), scope.code(target.slice)
            if ":" in index.text or isinstance(target.value, ast.Subscript) or isinstance(target.slice, ast.Tuple):
                continue
            value = scope.text.segment(statement.value)
            changed = f"{array} = {scope.module()}.where({index.text}, {value}, {array})"
            tier = 1 if path(target) in scope.variables.parameters else 3
            yield scope.rewrite(statement, changed, "in place no longer", tier)


def deleted(scope: Scope) -> Iterator[Change]:
    """A statement that should not be there: an update of the weights, a mask that is drawn again."""
    first_lines = scope.variables.bound
    for statement in scope.statements:
        if not isinstance(statement, Simple):
            continue
        target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
        if isinstance(target, ast.Name):
            again = first_lines.get(target.id, statement.lineno) < statement.lineno
            if not again:
                continue
        tier = 2 if isinstance(statement, ast.AugAssign) or isinstance(target, ast.Name | ast.Subscript) else 3
        yield scope.rewrite(statement, "pass", "statement deleted", tier)


def exchanged(scope: Scope) -> Iterator[Change]:
    """Two neighbouring statements in the other order, where one writes what the other reads or writes."""
    for first, second in _neighbours(scope):
        written, others = _written(first), _written(second)
        if written & (_read(second) | others) or others & _read(first):
            start, end_of_first = scope.text.span(first)
            start_of_second, stop = scope.text.span(second)
            data = scope.text.data
            between = data[end_of_first:start_of_second]
            text = data[start_of_second:stop] + between + data[start:end_of_first]
            if b"#" not in between:
                yield Change(start, stop, text.decode(), "statements exchanged", 3, first)


def _neighbours(scope: Scope) -> Iterator[tuple[ast.stmt, ast.stmt]]:
    bodies: dict[tuple[ast.AST, str], list[ast.stmt]] = {}
    for statement in scope.statements:
        bodies.setdefault(scope.parents[statement], []).append(statement)
    for body in bodies.values():
        for first, second in pairwise(body):
            if isinstance(first, Simple) and isinstance(second, Simple):
                yield first, second


def _written(statement: ast.stmt) -> set[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", statement)]
    nodes = (each for target in targets for each in ast.walk(target))
    return {path(each) for each in nodes if isinstance(each, ast.Name | ast.Attribute | ast.Subscript)} - {"self"}


def _read(statement: ast.stmt) -> set[str]:
    value = getattr(statement, "value", None)
    return {path(each) for each in ast.walk(value) if isinstance(each, ast.Name | ast.Attribute)} if value else set()


def counted(scope: Scope) -> Iterator[Change]:
    """A step that is counted before it is used, where nothing in the function counts it."""
    stored = {scope.text.segment(each.target) for each in scope.statements if isinstance(each, ast.AugAssign)}
    for name in scope.counters if scope.statements else ():
        first = scope.statements[0]
        start, _ = scope.text.span(first)
        indentation = scope.text.indentation(start)
        begins_its_line = scope.text.data[: start - len(indentation)].endswith(b"\n")
        if name not in stored and begins_its_line and scope.text.data[:start].endswith(indentation):
            yield Change(start, start, f"{name} += 1\n{indentation.decode()}", "step counted", 3, first)


STATEMENT_RULES = (assignments, masked, deleted, exchanged, counted)
