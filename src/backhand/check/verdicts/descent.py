"""Whether a program's updates add its gradients or subtract them, which says of what they are meant to be gradients."""

import ast
import re
from collections.abc import Iterator

from backhand.check.reading.roles import roles
from backhand.check.reading.words import words
from backhand.check.source.program import Program


def ascends(program: Program) -> bool | None:
    """Whether all updates in a program add a learning rate times a gradient, as where those are of minus the loss.

    None where it has no updates.
    """
    signs = [sign for file in program.session.files.values() for each in file.tree for sign in _signs(each)]
    return all(signs) if signs else None


def _signs(tree: ast.AST) -> Iterator[bool]:
    """Of each update in these statements, whether it adds."""
    for node in ast.walk(tree):
        if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub) and _has_rate(node.value):
            yield isinstance(node.op, ast.Add) is not isinstance(node.value, ast.UnaryOp)
        elif isinstance(node, ast.Assign) and isinstance(value := node.value, ast.BinOp):
            itself = ast.unparse(node.targets[0]) in ast.unparse(value.left)
            if itself and isinstance(value.op, ast.Add | ast.Sub) and _has_rate(value.right):
                yield isinstance(value.op, ast.Add)


def _has_rate(value: ast.expr) -> bool:
    """Whether a value is a product with a learning rate and a gradient."""
    names = [node.id for node in ast.walk(value) if isinstance(node, ast.Name)]
    names += [node.attr for node in ast.walk(value) if isinstance(node, ast.Attribute)]
    is_rate = ["lr" in roles(name) for name in names]
    is_gradient = [
        bool({"d", "grad", "gradient", "delta", "grads"} & set(words(name)) or re.fullmatch(r"d[A-Za-z]\d*", name))
        for name in names
    ]
    return any(is_rate) and any(is_gradient)
