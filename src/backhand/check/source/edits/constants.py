"""Changes of numbers, flags, texts, comparisons and conditions."""

import ast
from collections.abc import Iterator

from backhand.check.source.edits.code import Code, Level
from backhand.check.source.edits.names import path
from backhand.check.source.edits.scope import Change, Scope

OTHER_NUMBERS: dict[float, tuple[str, ...]] = {
    0: ("1", "-1", "0.5", "2", "3"),
    1: ("0", "2", "-1", "0.5", "3"),
    2: ("1", "3", "0.5", "0", "4"),
    3: ("2", "1", "0", "4"),
    0.5: ("1", "2", "0.25", "0"),
}
OTHER_TEXTS = {
    "train": ("test", "eval"),
    "test": ("train",),
    "eval": ("train",),
    "same": ("valid", "full"),
    "valid": ("same", "full"),
    "full": ("valid", "same"),
    "max": ("mean", "avg"),
    "mean": ("sum", "max"),
    "sum": ("mean",),
    "constant": ("edge",),
    "avg": ("max",),
}
COMPARISONS: dict[type[ast.cmpop], tuple[str, ...]] = {
    ast.Gt: (">=", "<", "<=", "=="),
    ast.GtE: (">", "<", "<=", "=="),
    ast.Lt: ("<=", ">", ">=", "=="),
    ast.LtE: ("<", ">", ">=", "=="),
    ast.Eq: ("!=", ">", "<", ">="),
    ast.NotEq: ("==", ">", "<"),
    ast.Is: ("is not",),
    ast.IsNot: ("is",),
    ast.In: ("not in",),
    ast.NotIn: ("in",),
}
SMALL = 1e-3  # a smaller number only keeps a division or a logarithm away from 0


def numbers(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """Another usual number, a number moved by one, its complement, or an unused setting in its place."""
    if not isinstance(node, ast.Constant) or isinstance(node.value, bool) or not isinstance(node.value, int | float):
        return
    value, parent = node.value, scope.parent(node)
    if 0 < value < SMALL:
        return
    of_shape = isinstance(parent, ast.Subscript) and isinstance(parent.value, ast.Attribute)
    tier = 1 if isinstance(parent, ast.Compare) or (of_shape and path(parent).endswith("shape")) else 2
    tier += isinstance(parent, ast.Tuple)
    others = OTHER_NUMBERS.get(value, ())
    if not others:
        moved = (f"{1 - value:.6g}",) if 0 < value < 1 else ()
        others = (*moved, *((str(value + 1), str(value - 1)) if isinstance(value, int) else ()))
    for rank, other in enumerate(others):
        if not (tier == 1 and "." in other and of_shape):
            yield scope.replace(node, _number(other), "number", tier + (rank > 2))
    for name in scope.variables.of_kind("size", "setting", before=scope.line(node)):
        if scope.variables.is_unused(name):
            yield scope.replace(node, name, "number to a name", 1)


def _number(text: str) -> Code:
    return Code(text, Level.SIGN if text.startswith("-") else Level.ATOM)


def flags_and_texts(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """True for False, "train" for "test", or another key that the function uses."""
    if not isinstance(node, ast.Constant):
        return
    if isinstance(node.value, bool):
        yield scope.replace(node, str(not node.value), "flag", 3)
    if not isinstance(node.value, str):
        return
    for other in OTHER_TEXTS.get(node.value, ()):
        yield scope.replace(node, f'"{other}"', "text", 2)
    if _is_key(node, scope):
        for key in scope.keys:
            if key != node.value:
                yield scope.replace(node, f'"{key}"', "other key", 2)


def _is_key(node: ast.expr, scope: Scope) -> bool:
    parent = scope.parent(node)
    while isinstance(parent, ast.BinOp):
        parent = scope.parent(parent)
    return isinstance(parent, ast.Subscript | ast.Dict) and node not in scope.roots


def comparisons(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """Another comparison."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        left, right = scope.code(node.left), scope.code(node.comparators[0])
        for rank, symbol in enumerate(COMPARISONS[type(node.ops[0])]):
            changed = f"{left.at(Level.BIT_OR)} {symbol} {right.at(Level.BIT_OR)}"
            yield scope.replace(node, Code(changed, Level.COMPARISON), "comparison", 1 + (rank > 1))


def first_maxima(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """The first maximum of a window alone, where `window == max` credits every tie."""
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq):
        array, maximum = scope.code(node.left), scope.text.segment(node.comparators[0])
        if "max" in maximum or isinstance(node.comparators[0], ast.Name):
            module, whole = scope.module(), array.at(Level.ATOM)
            size = f"{whole}.numel()" if scope.uses_torch else f"{whole}.size"
            first = f"{module}.arange({size}).reshape({whole}.shape) == {whole}.argmax()"
            yield scope.replace(node, Code(first, Level.COMPARISON), "first maximum", 1)


def conditions(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """A condition or a mask negated, `and` for `or`, and the branches of a choice exchanged."""
    parent, code = scope.parent(node), scope.code(node)
    if isinstance(parent, ast.If | ast.IfExp) and node is parent.test:
        negated = code.at(Level.NOT)
        yield scope.replace(node, Code(f"not {negated}", Level.NOT), "condition", 3)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.Invert):
        yield scope.replace(node, scope.code(node.operand), "condition", 1)
    if "mask" in path(node) and isinstance(parent, ast.Subscript) and node is parent.slice:
        yield scope.replace(node, Code(f"~{code.at(Level.SIGN)}", Level.SIGN), "mask inverted", 1)
    if isinstance(node, ast.BoolOp):
        symbol = "or" if isinstance(node.op, ast.And) else "and"
        level = Level.OR if symbol == "or" else Level.AND
        changed = f" {symbol} ".join(scope.code(each).at(level + 1) for each in node.values)
        yield scope.replace(node, Code(changed, level), "condition", 3)
    if isinstance(node, ast.IfExp):
        body, other = scope.code(node.body).at(Level.OR), scope.code(node.orelse).at(Level.OR)
        changed = f"{other} if {scope.code(node.test).at(Level.OR)} else {body}"
        yield scope.replace(node, Code(changed, Level.TEST), "branches exchanged", 3)


def modes(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """A condition that minds the mode: one of several values instead of any of them, or a flag that is never read."""
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In):
        values, left = node.comparators[0], scope.code(node.left).at(Level.BIT_OR)
        for value in values.elts if isinstance(values, ast.Tuple | ast.List) else ():
            single = f"{left} == {scope.code(value).at(Level.BIT_OR)}"
            yield scope.replace(node, Code(single, Level.COMPARISON), "one value of several", 1)
    parent = scope.parent(node)
    if isinstance(parent, ast.If | ast.IfExp) and node is parent.test:
        for flag in scope.variables.of_kind("flag", before=scope.line(node)):
            if not scope.variables.reads[flag] and "train" in flag:
                yield scope.replace(node, flag, "condition to a flag", 1)
                both = f"{flag} and {scope.code(node).at(Level.NOT)}"
                yield scope.replace(node, Code(both, Level.AND), "condition added", 1)


def branches(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """A branch of np.where that is a number in truth."""
    if isinstance(node, ast.Call) and path(node.func).endswith("where") and len(node.args) == 3:
        for branch in node.args[1:]:
            for number in ("1", "0"):
                yield scope.replace(branch, number, "branch to a number", 2)


RULES = (numbers, flags_and_texts, comparisons, first_maxima, conditions, modes, branches)
