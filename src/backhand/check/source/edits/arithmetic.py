"""Changes of operators, signs, terms, exponents and the order of operands."""

import ast
from collections.abc import Iterator

from backhand.check.source.edits.code import OPERATORS, Code, Level
from backhand.check.source.edits.names import path
from backhand.check.source.edits.scope import Change, Scope

OTHER_OPERATORS: dict[type[ast.operator], tuple[tuple[str, int], ...]] = {
    ast.Add: (("-", 1), ("*", 3)),
    ast.Sub: (("+", 1), ("*", 4)),
    ast.Mult: (("/", 1), ("@", 3), ("+", 3)),
    ast.Div: (("//", 1), ("*", 1), ("-", 4)),
    ast.FloorDiv: (("/", 2), ("*", 3), ("%", 3)),
    ast.MatMult: (("*", 3),),
    ast.Pow: (("*", 3),),
    ast.Mod: (("//", 3),),
    ast.BitAnd: (("|", 3),),
    ast.BitOr: (("&", 3),),
}
SYMBOLS = {operator: symbol for operator, (symbol, _) in OPERATORS.items()}
PAIRED = {"dot", "matmul", "mm", "bmm", "outer", "subtract", "divide", "tensordot", "multiply"}


def other_operators(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """Another operator between the same operands."""
    if not isinstance(node, ast.BinOp):
        return
    left, right = scope.code(node.left), scope.code(node.right)
    kinds = {scope.variables.kinds.get(name) for name in (path(node.left), *scope.targets(node))}
    of_size = not kinds.isdisjoint(("size", "index"))
    for symbol, tier in OTHER_OPERATORS.get(type(node.op), ()):
        if symbol in ("//", "/") and {symbol, SYMBOLS[type(node.op)]} == {"/", "//"} and not of_size:
            continue
        if symbol == "@" and scope.variables.kinds.get(path(node.right), "array") != "array":
            continue
        yield scope.replace(node, left.binary(symbol, right), f"{SYMBOLS[type(node.op)]} to {symbol}", tier)


def swapped_operands(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """The operands of a difference, a quotient or a matrix product in the other order."""
    tiers = {ast.Sub: 1, ast.MatMult: 1, ast.Div: 3, ast.FloorDiv: 4, ast.Pow: 4}
    if isinstance(node, ast.BinOp) and type(node.op) in tiers:
        left, right = scope.code(node.left), scope.code(node.right)
        changed = right.binary(SYMBOLS[type(node.op)], left)
        yield scope.replace(node, changed, "operands swapped", tiers[type(node.op)])
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in PAIRED:
        name = node.func.attr
        if scope.is_module(node.func.value) and len(node.args) >= 2:
            first, second, *others = (scope.text.segment(each) for each in [*node.args, *node.keywords])
            function = scope.text.segment(node.func)
            yield scope.replace(node, f"{function}({', '.join([second, first, *others])})", "operands swapped", 1)
        elif len(node.args) == 1 and not node.keywords:
            changed = scope.code(node.args[0]).dotted(f".{name}({scope.text.segment(node.func.value)})")
            yield scope.replace(node, changed, "operands swapped", 1)


def dropped_terms(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """A sum or a difference without one of its two terms."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        left, right = scope.code(node.left), scope.code(node.right)
        yield scope.replace(node, left, "term dropped", 1)
        if isinstance(node.op, ast.Sub):
            is_one = isinstance(node.left, ast.Constant)
            yield scope.replace(node, right, "term dropped", 1 if is_one else 2)
            yield scope.replace(node, right.negated(), "term dropped", 3)
        else:
            yield scope.replace(node, right, "term dropped", 1)


def signs(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """A minus sign dropped, or put before a factor or a call."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield scope.replace(node, scope.code(node.operand), "sign", 1)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        left, right = scope.code(node.left), scope.code(node.right)
        symbol = SYMBOLS[type(node.op)]
        yield scope.replace(node, left.negated().binary(symbol, right), "sign", 3)
    elif isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Subscript) and _is_argument(node, scope):
        yield scope.replace(node, scope.code(node).negated(), "sign", 3)


def complements(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """One minus a factor, a power or a probability, such as y * y for y * (1 - y)."""
    parent = scope.parent(node)
    in_product = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mult | ast.Div)
    if isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Subscript) or _is_power(node):
        kind = scope.variables.kinds.get(path(node))
        if kind in ("size", "index", "flag", "container"):
            return
        if in_product or (isinstance(parent, ast.Compare | ast.Call) and kind == "setting"):
            tier = 1 if kind == "setting" or _is_power(node) else 2
            yield scope.replace(node, scope.code(node).complement(), "one minus added", tier)
            if kind == "array" and isinstance(node, ast.Name):
                yield scope.replace(node, Code("1").binary("+", scope.code(node)), "one added", 4)


def exponents(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """Another exponent, a square or a root added or dropped."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        base, present = scope.code(node.left), ast.unparse(node.right)
        yield scope.replace(node, base, "exponent dropped", 2)
        for exponent in ("2", "-0.5", "-1.5", "3", "-1", "0.5", "-2", "-3"):
            if exponent != present:
                yield scope.replace(node, base.binary("**", Code(exponent, Level.SIGN)), "exponent", 2)
    elif isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Subscript) and _is_operand(node, scope):
        kind = scope.variables.kinds.get(path(node), "array")
        if kind == "array":
            yield scope.replace(node, scope.code(node).binary("**", Code("2")), "square added", 3)


def regrouped(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """Parentheses put elsewhere: a * b + c and a * (b + c)."""
    if not isinstance(node, ast.BinOp) or isinstance(node.op, ast.Pow):
        return
    symbol = SYMBOLS[type(node.op)]
    if isinstance(node.left, ast.BinOp) and not isinstance(node.left.op, ast.Pow):
        first, inner, second = scope.code(node.left.left), SYMBOLS[type(node.left.op)], scope.code(node.left.right)
        grouped = Code(f"({second.binary(symbol, scope.code(node.right)).text})")
        yield scope.replace(node, first.binary(inner, grouped), "parentheses", 2)
    if isinstance(node.right, ast.BinOp) and not isinstance(node.right.op, ast.Pow):
        first, inner, second = scope.code(node.right.left), SYMBOLS[type(node.right.op)], scope.code(node.right.right)
        grouped = Code(f"({scope.code(node.left).binary(symbol, first).text})")
        yield scope.replace(node, grouped.binary(inner, second), "parentheses", 2)
    if isinstance(node.left, ast.UnaryOp) and isinstance(node.left.op, ast.USub):
        whole = Code(f"({scope.code(node.left.operand).binary(symbol, scope.code(node.right)).text})")
        yield scope.replace(node, whole.negated(), "parentheses", 2)


def _is_power(node: ast.AST) -> bool:
    square = isinstance(node, ast.Call) and path(node.func).endswith(("square", "pow"))
    return square or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow))


def _is_operand(node: ast.expr, scope: Scope) -> bool:
    """Whether an expression stands in arithmetic or is the argument of a call, and is not itself called."""
    return isinstance(scope.parent(node), ast.BinOp | ast.UnaryOp) or _is_argument(node, scope)


def _is_argument(node: ast.expr, scope: Scope) -> bool:
    parent = scope.parent(node)
    return isinstance(parent, ast.Call) and node in parent.args and not scope.is_module(node)


RULES = (other_operators, swapped_operands, dropped_terms, signs, complements, exponents, regrouped)
