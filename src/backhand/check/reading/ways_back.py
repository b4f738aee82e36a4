"""Whether a function returns its own way back, read in its text: `return y, backward`."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

Nested = ast.FunctionDef | ast.Lambda


def is_closure(function: Callable[..., Any] | None) -> bool:
    """Whether a method returns its own way back."""
    tree = None if function is None else definition(function)
    return tree is not None and returns_its_way_back(tree)


def returns_its_way_back(tree: ast.FunctionDef) -> bool:
    """Whether a function returns a pair that ends with a function made inside, of one argument that it needs."""
    made = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    for node in returns(tree):
        if isinstance(node.value, ast.Tuple) and len(node.value.elts) == 2:
            last = node.value.elts[1]
            way: Nested | None = last if isinstance(last, ast.Lambda) else None
            way = made.get(last.id) if isinstance(last, ast.Name) else way
            if way is not None and len(way.args.args) - len(way.args.defaults) == 1:
                return True
    return False


def definition(function: Callable[..., Any]) -> ast.FunctionDef | None:
    """The syntax tree of a function; None where its text is not to be had."""
    if not isinstance(function, FunctionType):
        return None
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    except (OSError, SyntaxError, TypeError, IndexError):
        return None
    return tree if isinstance(tree, ast.FunctionDef) else None


def returns(tree: ast.FunctionDef) -> Iterator[ast.Return]:
    """The return statements of a function itself, not of those inside it."""
    waiting: list[ast.AST] = [*tree.body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Return):
            yield node
        elif not isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            waiting += ast.iter_child_nodes(node)
