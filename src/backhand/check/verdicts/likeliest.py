"""Which of the statements that were run is the likeliest to hold a mistake: by the signs of its cause."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import FunctionType

from backhand.check.reading.words import are_alike
from backhand.check.review.records import Pass
from backhand.check.source.edits.flow import results_of, slice_of, targets
from backhand.check.source.edits.names import path
from backhand.check.source.running import FunctionNode, Statement
from backhand.check.verdicts.signs import SHARES, begins_empty, only_places
from backhand.check.verdicts.signs_of_causes import BEGINNINGS, OF_THE_CROP, OF_THE_NAME, OF_THE_ORDER, SIGNS

FAR = 1000  # assignments; of a statement that the result does not come from
MOST_CALLS = 4  # that are followed to where a value is computed


@dataclass(frozen=True)
class Clue:
    """What is known of a mistake.

    function: the one that makes the pass.   expression: what the wrong gradient is called there.   array: that of which
    it is the gradient.   also: the same of others that are wrong for the same cause.   right: of those that are right.
    """

    cause: str
    pass_name: Pass
    function: FunctionType
    expression: str = ""
    array: str = ""
    also: tuple[tuple[str, str], ...] = ()
    right: tuple[tuple[str, str], ...] = ()


def likeliest(run: Sequence[Statement], clue: Clue, others: Sequence[ast.stmt] = ()) -> Statement | None:
    """The likeliest of the statements that were run; others: those of a run in which all is right."""
    if not run:
        return None
    depths = _depths(run, clue)
    rare = {id(each.node) for each in run} - {id(node) for node in others} if others else set()

    if clue.also and (shared := _shared(run, clue)) is not None:
        return shared

    def order(statement: Statement) -> tuple[bool, int, int]:
        return id(statement.node) not in rare, depths.get(id(statement.node), FAR), -statement.order

    reached = [each for each in run if clue.pass_name == "forward" or id(each.node) in depths]
    for sign in SIGNS[clue.pass_name].get(clue.cause, ()):
        if likely := sorted(filter(sign, reached), key=order):
            return likely[0]
    only = [each for each in run if id(each.node) in rare and id(each.node) in depths]
    computing = [each for each in sorted(only, key=order) if not _passes_on(each, clue)]
    return computing[0] if computing else _giving(run, clue, depths)


def _shared(run: Sequence[Statement], clue: Clue) -> Statement | None:
    """The nearest statement that all wrong gradients come from, and no right one; None where there is none."""
    wrong = [_depths(run, replace(clue, expression=text, array=name)) for text, name in clue.also]
    wrong += [_depths(run, clue)]
    right = [_depths(run, replace(clue, expression=text, array=name)) for text, name in clue.right]
    common = [
        each
        for each in run
        if all(id(each.node) in depths for depths in wrong) and not any(id(each.node) in depths for depths in right)
    ]
    computing = [each for each in common if not _passes_on(each, clue)]
    return min(computing, key=lambda each: (sum(d[id(each.node)] for d in wrong), -each.order), default=None)


def _depths(run: Sequence[Statement], clue: Clue) -> dict[int, int]:
    """How many assignments lie between each statement and the result; those of other functions lie further away."""
    depths: dict[int, int] = {}
    own = _own_functions(run, clue)
    for function in {id(each.function): each.function for each in run}.values():
        names = own.get(id(function)) or results_of(function)
        lines, further = slice_of(function, names), 0 if id(function) in own else len(own) + 1
        for statement in run:
            near = [lines[line] for line in _lines(statement) if statement.function is function and line in lines]
            if near:
                depths[id(statement.node)] = min(near) + further
            elif isinstance(statement.node, ast.Return) and own.get(id(function)) == [clue.expression] != [""]:
                depths[id(statement.node)] = 0 if clue.expression in results_of(function) else FAR
    return depths


def _lines(statement: Statement) -> range:
    """The lines of a statement; of a loop or a condition its first one."""
    node = statement.node
    if isinstance(node, ast.For | ast.While | ast.If | ast.With | ast.Try):
        return range(node.lineno, node.lineno + 1)
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _own_functions(run: Sequence[Statement], clue: Clue) -> dict[int, list[str]]:
    """The functions in which the result has its name, each with this name: the one that makes the pass, if it has."""
    functions = {id(each.function): each.function for each in run}
    entries = {key for key, each in functions.items() if is_entry(each, clue.function)}
    named: dict[int, list[str]] = {}
    if clue.expression:
        named = {key: [clue.expression] for key, each in functions.items() if _gives(run, each, clue.expression)}
    if not named and clue.array:
        named = {key: names for key, each in functions.items() if (names := _alike(run, each, clue.array))}
    own = {key: names for key, names in named.items() if key in entries} or named
    first = 1 if clue.pass_name == "forward" else None  # the cache may follow
    return own or {key: results_of(functions[key])[:first] for key in entries or [id(run[0].function)]}


def is_entry(node: FunctionNode, function: FunctionType) -> bool:
    """Whether this is the definition of a function."""
    first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
    return node.name == function.__name__ and first == function.__code__.co_firstlineno


def _gives(run: Sequence[Statement], function: FunctionNode, expression: str) -> bool:
    given = {name for each in run if each.function is function for name in _names_given(each)}
    return expression in given or expression in results_of(function)


def _alike(run: Sequence[Statement], function: FunctionNode, array: str) -> list[str]:
    """What bears the name of the gradient of an array in a function: grads['W1'] or dW1 for W1."""
    given = [name for each in run if each.function is function for name in _names_given(each)]
    bare = array.partition("[")[0]  # nabla_w stands for weights[1]
    return list(
        dict.fromkeys(name for name in given if name != bare and (are_alike(name, array) or are_alike(name, bare)))
    )


def _names_given(statement: Statement) -> list[str]:
    return [text for target, _ in targets(statement.node) for text in {ast.unparse(target), path(target)}]


def _giving(run: Sequence[Statement], clue: Clue, depths: Mapping[int, int]) -> Statement:
    """The statement that gives the result its value."""
    own = _own_functions(run, clue)
    found = _nearest(run, clue, depths, {*own})
    for _ in range(MOST_CALLS):
        inner = _called_by(run, found)
        if clue.cause in OF_THE_NAME | OF_THE_ORDER or not inner:
            break
        found = _nearest(run, clue, depths, inner)
    return found


def _nearest(run: Sequence[Statement], clue: Clue, depths: Mapping[int, int], functions: set[int]) -> Statement:
    """The statement of these functions that the result comes from first, but for those that only place or scale it."""
    here = [each for each in run if id(each.function) in functions and id(each.node) in depths] or list(run)
    here.sort(key=lambda each: (depths.get(id(each.node), FAR), -each.order))
    if clue.cause in BEGINNINGS:
        return next((each for each in reversed(here) if _is_bound(each, depths)), here[0])
    if clue.cause in OF_THE_CROP:
        whole = [each for each in here if each.loops == 0 and isinstance(each.node, ast.Assign | ast.Return)]
        whole = [each for each in whole if not begins_empty(getattr(each.node, "value", None))]
        whole.sort(key=lambda each: (depths.get(id(each.node), FAR), isinstance(each.node, ast.Return)))
        return next(iter([*whole, *here]))
    computing = [each for each in here if not _passes_on(each, clue)]
    return next(iter([*computing, *here]))


def _is_bound(statement: Statement, depths: Mapping[int, int]) -> bool:
    whole = isinstance(statement.node, ast.Assign) and isinstance(statement.node.targets[0], ast.Name)
    return whole and depths.get(id(statement.node)) == 0


def _passes_on(statement: Statement, clue: Clue) -> bool:
    """Whether a statement only hands on what was computed before, or scales it where no scale is wrong."""
    node = statement.node
    if isinstance(node, ast.If | ast.For | ast.While | ast.With):
        return True
    value = getattr(node, "value", None)
    if begins_empty(value):
        return True
    if isinstance(node, ast.AugAssign):
        return isinstance(node.op, ast.Mult | ast.Div) and not any(word in clue.cause for word in SHARES)
    is_term = "missing" in clue.cause or "left out" in clue.cause
    if isinstance(node, ast.Assign) and isinstance(value, ast.Name) and is_term:
        return False  # what should have been added to it is not
    if isinstance(node, ast.Return):
        parts = _parts(node, clue)
        return all(
            isinstance(part, ast.Name | ast.Attribute | ast.Constant) or _only_places(part, clue) for part in parts
        )
    return value is not None and _only_places(value, clue) and path(value) not in _parameters(statement.function)


def _only_places(value: ast.expr | None, clue: Clue) -> bool:
    """Whether an expression has the values of another; where their order is wrong, this may be the mistake itself."""
    return only_places(value) and clue.cause not in OF_THE_ORDER


def _parameters(function: FunctionNode) -> set[str]:
    arguments = function.args
    return {each.arg for each in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]}


def _parts(node: ast.Return, clue: Clue) -> list[ast.expr]:
    """The one of several returned values that is the wrong gradient; all where none has its name."""
    if node.value is None:
        return []
    parts = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
    return [part for part in parts if ast.unparse(part) == clue.expression] or parts


def _called_by(run: Sequence[Statement], statement: Statement) -> set[int]:
    """The functions of the program that a statement calls for its value, if it does nothing else."""
    value = getattr(statement.node, "value", None)
    if not isinstance(value, ast.Call):
        return set()
    lines = {(statement.path, line) for line in _lines(statement)}
    called = {id(each.function) for each in run if each.caller in lines and each.function is not statement.function}
    return called if len(called) == 1 else set()
