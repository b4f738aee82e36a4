"""Fragments of Python source that know how tightly they bind, so that they are put together with few parentheses."""

import ast
from enum import IntEnum
from typing import NamedTuple


class Level(IntEnum):
    """How tightly the outermost operator of an expression binds; a call, a name or a bracket binds most."""

    TUPLE = 0
    TEST = 1
    OR = 2
    AND = 3
    NOT = 4
    COMPARISON = 5
    BIT_OR = 6
    BIT_XOR = 7
    BIT_AND = 8
    SHIFT = 9
    SUM = 10
    PRODUCT = 11
    SIGN = 12
    POWER = 13
    ATOM = 14


OPERATORS: dict[type[ast.operator], tuple[str, Level]] = {
    ast.Add: ("+", Level.SUM),
    ast.Sub: ("-", Level.SUM),
    ast.Mult: ("*", Level.PRODUCT),
    ast.Div: ("/", Level.PRODUCT),
    ast.FloorDiv: ("//", Level.PRODUCT),
    ast.Mod: ("%", Level.PRODUCT),
    ast.MatMult: ("@", Level.PRODUCT),
    ast.Pow: ("**", Level.POWER),
    ast.BitOr: ("|", Level.BIT_OR),
    ast.BitXor: ("^", Level.BIT_XOR),
    ast.BitAnd: ("&", Level.BIT_AND),
    ast.LShift: ("<<", Level.SHIFT),
    ast.RShift: (">>", Level.SHIFT),
}
LEVELS = dict(OPERATORS.values())


class Code(NamedTuple):
    """The source of an expression and the level of its outermost operator."""

    text: str
    level: int = Level.ATOM

    def at(self, level: int) -> str:
        """The text, in parentheses where a place of this level needs them."""
        return self.text if self.level >= level else f"({self.text})"

    def binary(self, symbol: str, right: "Code") -> "Code":
        """The operation of this expression and another."""
        level = LEVELS[symbol]
        if symbol == "**":
            return Code(f"{self.at(Level.ATOM)}**{right.at(Level.SIGN)}", level)
        return Code(f"{self.at(level)} {symbol} {right.at(level + 1)}", level)

    def negated(self) -> "Code":
        """Minus this expression."""
        return Code(f"-{self.at(Level.SIGN)}", Level.SIGN)

    def complement(self) -> "Code":
        """One minus this expression."""
        return Code("1").binary("-", self)

    def dotted(self, rest: str) -> "Code":
        """An attribute, a method call or an index of this expression; the rest begins with a dot or a bracket."""
        return Code(self.at(Level.ATOM) + rest)


def level_of(node: ast.AST) -> Level:
    """How tightly the outermost operator of a parsed expression binds."""
    if isinstance(node, ast.BinOp):
        return OPERATORS[type(node.op)][1]
    if isinstance(node, ast.UnaryOp):
        return Level.NOT if isinstance(node.op, ast.Not) else Level.SIGN
    if isinstance(node, ast.BoolOp):
        return Level.OR if isinstance(node.op, ast.Or) else Level.AND
    if isinstance(node, ast.Compare):
        return Level.COMPARISON
    if isinstance(node, ast.IfExp | ast.Lambda):
        return Level.TEST
    if isinstance(node, ast.Tuple | ast.NamedExpr | ast.Yield | ast.YieldFrom | ast.Await | ast.Starred | ast.Slice):
        return Level.TUPLE
    return Level.ATOM


def needed_level(parent: ast.AST, field: str) -> int:
    """How tightly an expression must bind to stand in this field of its parent without parentheses."""
    if isinstance(parent, ast.BinOp):
        level = OPERATORS[type(parent.op)][1]
        if isinstance(parent.op, ast.Pow):
            return Level.ATOM if field == "left" else Level.SIGN
        return level if field == "left" else level + 1
    if isinstance(parent, ast.UnaryOp | ast.BoolOp | ast.Compare):
        return level_of(parent) + (not isinstance(parent, ast.UnaryOp))
    if isinstance(parent, ast.Attribute) or (isinstance(parent, ast.Subscript) and field == "value"):
        return Level.ATOM
    if isinstance(parent, ast.Call) and field == "func":
        return Level.ATOM
    if isinstance(parent, ast.IfExp | ast.comprehension):
        return Level.TEST if field == "orelse" else Level.OR
    if isinstance(parent, ast.Starred):
        return Level.BIT_OR
    if isinstance(parent, ast.Return | ast.Assign | ast.AugAssign) or (
        isinstance(parent, ast.Subscript) and field == "slice"
    ):
        return Level.TUPLE
    return Level.TEST
