"""The changes of a file's syntax tree with which it is executed; a function that is compiled anew gets them, too.

float32 becomes float64, and in Python 2 a division of whole numbers gives a whole number.
"""

import ast
import numbers
from dataclasses import dataclass
from typing import Any, TypeVar

from backhand.check.source.precision import Widening

DIVIDE = "__divide__"  # the name under which a file's built-in names have `divide`
Node = TypeVar("Node", bound=ast.AST)


@dataclass
class Rewriting:
    """What is changed in a file: its float32 widened, its divisions those of Python 2."""

    widen: bool = False
    floor: bool = False
    widened: bool = False
    touched: bool | None = None

    def apply(self, node: Node) -> Node:
        """The node with the changes. Once `touched` has told that nothing needs any, none are looked for."""
        if self.widen and self.touched is not False:
            widening = Widening()
            node = widening.visit(node)
            self.widened |= widening.changed
            self.touched = bool(self.touched) or widening.changed or widening.on_graphics
        if self.floor:
            node = _Flooring().visit(node)
        return node


# Of each file that was loaded, by the file name of its code.
REWRITINGS: dict[str, Rewriting] = {}


def divide(a: Any, b: Any) -> Any:
    """a / b as Python 2 computes it: whole for whole numbers."""
    whole = isinstance(a, numbers.Integral) and isinstance(b, numbers.Integral)
    return a // b if whole else a / b


class _Flooring(ast.NodeTransformer):
    """Lets `divide` compute every quotient."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Replace a / b by a call."""
        self.generic_visit(node)
        if not isinstance(node.op, ast.Div):
            return node
        call = ast.Call(ast.Name(DIVIDE, ast.Load()), [node.left, node.right], [])
        return ast.fix_missing_locations(ast.copy_location(call, node))
