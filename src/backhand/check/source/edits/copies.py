"""Copies of arrays that would otherwise be one array under two names."""

import ast
from collections.abc import Iterator

from backhand.check.source.edits.names import path
from backhand.check.source.edits.scope import Change, Scope

VIEWS = {"reshape", "view", "ravel", "squeeze", "transpose", "permute", "asarray", "atleast_2d", "array", "swapaxes"}


def copies(node: ast.expr, scope: Scope) -> Iterator[Change]:
    """A copy of a name, or of a view, that is assigned, returned or kept for backward."""
    parent = scope.parent(node)
    kept = isinstance(parent, ast.Tuple) and isinstance(scope.parent(parent), ast.Assign | ast.Return | ast.Tuple)
    if not (node in scope.roots or kept) or not _may_be_shared(node, scope):
        return
    method = ".clone()" if scope.uses_torch else ".copy()"
    plain = isinstance(node, ast.Name) and node in scope.roots and scope.roots[node] != "return"
    named = "." not in scope.roots.get(node, ".")
    yield scope.replace(node, scope.code(node).dotted(method), "copy", 1 if plain and named else 2)


def _may_be_shared(node: ast.expr, scope: Scope) -> bool:
    if isinstance(node, ast.Name | ast.Attribute):
        return scope.variables.kinds.get(path(node), "array") == "array" and not scope.is_size_root(node)
    if isinstance(node, ast.Subscript):
        return not scope.is_size_root(node) and "shape" not in path(node)
    return isinstance(node, ast.Call) and path(node.func).rpartition(".")[2] in VIEWS


RULES = (copies,)
