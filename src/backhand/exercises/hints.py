"""What the error of an unwritten function says: what it returns, which gradients it sets, where to read on."""

import ast
from collections.abc import Iterator

FORWARD = ("forward", "fprop", "updateOutput", "setup_context")  # these set caches, which are the student's own affair


def hint(name: str, function: ast.FunctionDef | ast.AsyncFunctionDef, page: str | None) -> str:
    """One line such as: write Affine.backward: set self.dW, self.db; return dx; see derivations/linear.md."""
    steps = []
    if not function.name.startswith(FORWARD) and (targets := _targets(function)):
        steps.append(f"set {', '.join(targets)}")
    if results := _results(function):
        steps.append(f"return {results}")
    what = f": {'; '.join(steps)}" if steps else ""
    return f"write {name}{what}{f'; see {page}' if page else ''}"


def _targets(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """The attributes and entries of arguments that the function assigns, such as self.dW, each once."""
    arguments = {argument.arg for argument in function.args.args}
    targets = [
        _target(node)
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store)
        if _root(node) in arguments
    ]
    return list(dict.fromkeys(targets))


def _target(node: ast.expr) -> str:
    """What is assigned, without an index that is computed, since that would say too much."""
    while isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Constant):
        node = node.value
    return f"the entries of {node.id}" if isinstance(node, ast.Name) else ast.unparse(node)


def _root(node: ast.expr) -> str | None:
    """The name with which a chain of attributes and subscripts begins."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _results(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """The names that the last return statement gives back; an expression stays unsaid, since it is what to find out."""
    returned = [node.value for node in ast.walk(function) if isinstance(node, ast.Return) and node.value is not None]
    if not returned:
        return ""
    value = max(returned, key=lambda node: node.lineno)
    names = ", ".join(_names(value.elts if isinstance(value, ast.Tuple | ast.List) else [value]))
    return f"[{names}]" if isinstance(value, ast.List) else names


def _names(values: list[ast.expr]) -> Iterator[str]:
    for value in values:
        if isinstance(value, ast.Name | ast.Attribute):
            yield ast.unparse(value)
        elif isinstance(value, ast.Tuple):
            yield "cache"
