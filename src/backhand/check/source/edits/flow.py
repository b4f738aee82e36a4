"""Which lines of a function the value of a name comes from, and what the function returns and stores."""

import ast
from collections.abc import Collection, Iterator, Sequence
from types import FunctionType
from typing import NamedTuple

from backhand.check.source.edits.names import path
from backhand.check.source.edits.text import FunctionText, read

RESULT_ARGUMENTS = ("out",)
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class Stored(NamedTuple):
    """An attribute or a dictionary key that a function assigns, as the source names it, and the line."""

    name: str
    line: int


class Step(NamedTuple):
    """A statement's line, the names that it gives a value, and those that this value is computed from."""

    line: int
    gives: frozenset[str]
    needs: frozenset[str]


def slice_lines(function: FunctionType, names: Collection[str]) -> list[int]:
    """The lines that the values of these names come from, the nearest first; none where there is no source.

    A name may be a variable, an attribute such as self.dW, or any expression that the function returns or assigns to,
    such as grads['W1'], as `returned_names` and `stored_names` give them.
    """
    text = read(function)
    return list(slice_depths(text, names)) if text else []


def slice_depths(text: FunctionText, names: Collection[str]) -> dict[int, int]:
    """How many assignments lie between each line of the backward slice and the names, for the lines of the slice."""
    return slice_of(text.node, names)


def slice_of(definition: Definition, names: Collection[str]) -> dict[int, int]:
    """The same of a definition that was parsed."""
    steps = list(_steps(definition))
    depths: dict[int, int] = {}
    given = {name for step in steps for name in step.gives}
    wanted = set(names) | {name for each in names if each not in given for name in _names_in(each)}
    done: set[str] = set()
    depth = 0
    while wanted:
        done |= wanted
        reached = [step for step in reversed(steps) if any(_gives(step, name) for name in wanted)]
        for step in reached:
            depths.setdefault(step.line, depth)
        wanted = {name for step in reached for name in step.needs} - done
        depth += 1
    return dict(sorted(depths.items(), key=lambda item: item[1]))


def returned_names(function: FunctionType) -> list[str]:
    """The expressions that the last return statement gives back, in their order: ["dx", "dw", "db"]."""
    text = read(function)
    return results_of(text.node) if text else []


def results_of(definition: Definition) -> list[str]:
    """The same of a definition that was parsed."""
    if isinstance(definition, ast.Lambda):
        return _elements(definition.body)
    returns = [each for each in _own_statements(definition.body) if isinstance(each, ast.Return) and each.value]
    if not returns or returns[-1].value is None:
        return []
    value = returns[-1].value
    for statement in definition.body:  # return gradients, after gradients = dx, dw
        if isinstance(statement, ast.Assign) and isinstance(value, ast.Name) and path(statement.targets[0]) == value.id:
            return _elements(statement.value) if isinstance(statement.value, ast.Tuple) else [value.id]
    return _elements(value)


def stored_names(function: FunctionType) -> list[Stored]:
    """The attributes and the dictionary keys that the function assigns: self.dW, grads['W'], self.W.grad."""
    found: dict[Stored, None] = {}
    text = read(function)
    node = text.node if text else None
    for statement in _own_statements(node.body) if isinstance(node, ast.FunctionDef) else ():
        for target, value in targets(statement):
            name = _stored_name(target)
            if name:
                found[Stored(name, target.lineno)] = None
            for key, entry in zip(value.keys, value.values, strict=True) if isinstance(value, ast.Dict) else ():
                if key is not None:
                    found[Stored(f"{path(target)}[{ast.unparse(key)}]", entry.lineno)] = None
    return list(found)


def _elements(value: ast.expr) -> list[str]:
    return [ast.unparse(each) for each in (value.elts if isinstance(value, ast.Tuple) else [value])]


def _stored_name(target: ast.expr) -> str:
    if isinstance(target, ast.Attribute):
        return path(target)
    if isinstance(target, ast.Subscript):
        return ast.unparse(target) if _is_keyed(target) else _stored_name(target.value)
    return ""


def _is_keyed(target: ast.Subscript) -> bool:
    """Whether it is an entry of a dictionary: f"W{i}" and "W" are keys, numbers may be indices."""
    return any(isinstance(each, ast.JoinedStr) or _is_text(each) for each in ast.walk(target.slice))


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _own_statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """All statements of a body, those of nested functions left out."""
    for statement in body:
        yield statement
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for child in ast.iter_child_nodes(statement):
                if isinstance(child, ast.stmt):
                    yield from _own_statements([child])
                elif isinstance(child, ast.ExceptHandler | ast.match_case):
                    yield from _own_statements(child.body)


def targets(statement: ast.stmt) -> Iterator[tuple[ast.expr, ast.expr | None]]:
    """The single targets of an assignment, each with its value; the value of an unpacked one is the whole."""
    if isinstance(statement, ast.Assign):
        for target in statement.targets:
            yield from _unpacked(target, statement.value)
    elif isinstance(statement, ast.AugAssign | ast.AnnAssign):
        yield from _unpacked(statement.target, statement.value)
    elif isinstance(statement, ast.For):
        yield from _unpacked(statement.target, statement.iter)
    elif isinstance(statement, ast.With):
        for item in statement.items:
            if item.optional_vars is not None:
                yield from _unpacked(item.optional_vars, item.context_expr)


def _unpacked(target: ast.expr, value: ast.expr | None) -> Iterator[tuple[ast.expr, ast.expr | None]]:
    if isinstance(target, ast.Tuple | ast.List):
        values = value.elts if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts) else None
        for i, element in enumerate(target.elts):
            yield from _unpacked(element, values[i] if values else value)
    else:
        yield (target.value if isinstance(target, ast.Starred) else target), value


def _steps(definition: Definition) -> Iterator[Step]:
    if isinstance(definition, ast.Lambda):
        yield _result(definition.body)
        return
    yield from _steps_of(definition.body, frozenset())


def _steps_of(body: Sequence[ast.stmt], conditions: frozenset[str]) -> Iterator[Step]:
    """The steps of statements; what is computed under a condition needs what the condition needs."""
    for statement in body:
        for target, value in targets(statement):
            is_entry = isinstance(target, ast.Subscript) and not _is_keyed(target)
            needs = _names(value) | conditions | _names(target if is_entry else None)
            own = {ast.unparse(target), path(target)} if isinstance(statement, ast.AugAssign) else set()
            yield Step(statement.lineno, _named(target), needs | own)
        if isinstance(statement, ast.Return) and statement.value is not None:
            value = statement.value
            for part in value.elts if isinstance(value, ast.Tuple) else [value]:
                yield _result(part)
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            yield _called(statement.value, conditions)
        if isinstance(statement, ast.FunctionDef):
            yield Step(statement.lineno, frozenset({statement.name}), _returned(statement))
        inner = conditions
        if isinstance(statement, ast.If | ast.While):
            inner = conditions | _names(statement.test)
            yield Step(statement.lineno, frozenset({f"line {statement.lineno}"}), inner)
            inner = inner | {f"line {statement.lineno}"}
        for name in ("body", "orelse", "finalbody"):
            yield from _steps_of(getattr(statement, name, []), inner)


def _named(target: ast.expr) -> frozenset[str]:
    """What an assignment to a target gives a value: the entry of a dictionary alone, or an array as a whole, too."""
    if isinstance(target, ast.Subscript) and _is_keyed(target):
        return frozenset({ast.unparse(target)})
    return frozenset({ast.unparse(target), path(target)} - {""})


def _result(part: ast.expr) -> Step:
    return Step(part.lineno, frozenset({ast.unparse(part), *([path(part)] if path(part) else [])}), _names(part))


def _returned(function: ast.FunctionDef) -> frozenset[str]:
    """What a nested function returns, element by element, as the steps of its return statements give it."""
    values = (each.value for each in ast.walk(function) if isinstance(each, ast.Return) and each.value)
    return frozenset(name for value in values for name in _elements(value))


def _called(call: ast.Call, conditions: frozenset[str]) -> Step:
    """A call for its effect, such as np.add.at(dW, i, dy) or dy.clamp_(0), which changes its object or an argument."""
    changed = {
        path(argument)
        for argument in [*call.args[:1], *(each.value for each in call.keywords if each.arg in RESULT_ARGUMENTS)]
    }
    if isinstance(call.func, ast.Attribute):
        changed.add(path(call.func.value))
    return Step(call.lineno, frozenset(changed - {""}), _names(call) | conditions)


def _gives(step: Step, name: str) -> bool:
    """Whether a step gives a value to a name, to an entry of it, or to the whole that it is an entry of."""
    entries = any(given.startswith(f"{name}[") for given in step.gives)
    return name in step.gives or entries or any(name.startswith((f"{given}[", f"{given}.")) for given in step.gives)


def _names(node: ast.AST | None) -> frozenset[str]:
    found = [path(each) for each in ast.walk(node) if isinstance(each, ast.Name | ast.Attribute)] if node else []
    return frozenset(name for name in found if name and name not in ("self", "np", "torch"))


def _names_in(expression: str) -> frozenset[str]:
    try:
        return _names(ast.parse(expression, mode="eval"))
    except SyntaxError:
        return frozenset()
