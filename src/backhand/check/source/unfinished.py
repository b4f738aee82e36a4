"""Functions that a person has not written yet: what is left of a template."""

import ast
import builtins
import re
from collections.abc import Iterator

from backhand.check.source.definitions import qualified

PASSES = re.compile("forward|backward|updateoutput|updategradinput|[fb]prop")
Function = ast.FunctionDef | ast.AsyncFunctionDef
NOT_IMPLEMENTED = re.compile(r"not[\s_]*(yet[\s_]*)?implemented|to[\s_-]*do\b", re.IGNORECASE)


def unfinished_functions(statements: list[ast.stmt], inherited: set[str]) -> Iterator[tuple[str, int]]:
    """The qualified names and the lines of the functions and methods without content.

    inherited: the names of the classes that others of the program inherit from, whose methods may well be empty.
    """
    nodes = dict(qualified(statements, ""))
    known = {each for statement in statements for each in _bound_at_top(statement)} | set(dir(builtins))
    for name, node in nodes.items():
        owner = nodes.get(name.rpartition(".")[0])
        if not isinstance(node, Function):
            continue
        left = is_unfinished(node) or _lacks_its_result(node, known) or _leaves_its_result(node)
        if not (_is_open(node) if node.name == "__init__" else left):
            continue
        if not isinstance(owner, ast.ClassDef) or not _is_abstract(owner, node, inherited):
            yield name, node.lineno


def base_names(statements: list[ast.stmt]) -> set[str]:
    """The last names of all classes that those in these statements inherit from."""
    classes = (node for each in statements for node in ast.walk(each) if isinstance(node, ast.ClassDef))
    return {ast.unparse(base).rpartition(".")[2] for each in classes for base in each.bases}


def is_unfinished(function: Function) -> bool:
    """Whether a function only passes, says that it is not implemented, or returns what it only ever set to None."""
    body = [each for each in function.body if not _is_text(each)]
    returns = [node for each in body for node in ast.walk(each) if isinstance(node, ast.Return)]
    if all(_is_empty(each) for each in body) or _is_open(function):
        return True
    if len(returns) != 1 or body[-1] is not returns[0] or returns[0].value is None:
        return False
    return _Template(function, body[:-1], _elements(returns[0].value)).is_left


def _is_open(function: Function) -> bool:
    """Whether every call of a function comes to a line that says "not implemented"."""
    for statement in function.body:
        if _says_so(statement):
            return True
        if any(isinstance(node, ast.Return) for node in ast.walk(statement)):
            return False
    return False


def _lacks_its_result(function: Function, known: set[str]) -> bool:
    """Whether a function ends by returning a name that it never sets, nor one that differs from it in case alone."""
    last = function.body[-1]
    if not isinstance(last, ast.Return) or not isinstance(last.value, ast.Name):
        return False
    own = {name for each in function.body for name in _bound(each)} | {each.arg for each in _arguments(function)}
    return last.value.id.lower() not in {name.lower() for name in own | known}


def _leaves_its_result(function: Function) -> bool:
    """Whether a pass ends by returning an attribute of the object, and sets nothing but names of its own before."""
    last = function.body[-1]
    attribute = last.value if isinstance(last, ast.Return) else None
    of_itself = isinstance(attribute, ast.Attribute) and ast.unparse(attribute.value) == "self"
    is_pass = PASSES.search(function.name.replace("_", "").lower()) and len(_arguments(function)) > 1
    return bool(of_itself and is_pass) and all(_only_names(each) for each in function.body[:-1])


def _only_names(statement: ast.stmt) -> bool:
    """Whether a statement does nothing but bind names, by what calls no method of the object."""
    if not isinstance(statement, ast.Assign) or any(isinstance(node, ast.Lambda) for node in ast.walk(statement)):
        return _is_text(statement) or isinstance(statement, ast.Pass)
    calls = [node for node in ast.walk(statement.value) if isinstance(node, ast.Call)]
    handed = any("self" in {ast.unparse(each) for each in [call.func, *call.args]} for call in calls)
    own = any(ast.unparse(call.func).startswith(("self.", "super(")) for call in calls)
    return all(isinstance(target, ast.Name) for target in statement.targets) and not handed and not own


def _arguments(function: Function) -> list[ast.arg]:
    """All arguments of a function."""
    listed = function.args
    several = [each for each in (listed.vararg, listed.kwarg) if each is not None]
    return [*listed.posonlyargs, *listed.args, *listed.kwonlyargs, *several]


def _bound_at_top(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement of the module binds there."""
    if isinstance(statement, Function | ast.ClassDef):
        yield statement.name
    else:
        yield from _bound(statement)


def _bound(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement sets, defines or imports, however deep inside."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, Function | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name


class _Template:
    """A function that ends with its only return, looked at as the template that it may still be.

    Templates set what is to be computed to None, or to zeros above a `pass`; around that they unpack the cache, gather
    it, read settings, assert shapes and branch by mode.
    """

    def __init__(self, function: Function, statements: list[ast.stmt], values: list[ast.expr]) -> None:
        self.statements = statements
        self.returned = {each.id for each in values if isinstance(each, ast.Name)}
        self.only_names = all(isinstance(each, ast.Name) or _is_none(each) for each in values)
        self.has_pass = any(isinstance(each, ast.Pass) for each in statements)
        assigned = [node for each in statements for node in ast.walk(each) if isinstance(node, ast.Assign)]
        self.nothing = {name for each in assigned if self._is_nothing(each.value) for name in _targets(each)}
        self.gathered = {name for each in assigned if _is_gathered(each.value) for name in _targets(each)}
        self.arguments = {each.arg for each in _arguments(function)}

    @property
    def is_left(self) -> bool:
        """Whether nothing that the function returns was computed in it."""
        known = self.nothing | self.gathered | self.arguments
        empty = bool(self.returned & self.nothing) and self.returned <= known
        return self.only_names and empty and all(self._is_left(each) for each in self.statements)

    def _is_left(self, statement: ast.stmt) -> bool:
        """Whether a statement computes nothing that the function returns."""
        if isinstance(statement, ast.Assign):
            results = _targets(statement) & self.returned
            itself = _called_on(statement.value) in results & self.nothing  # as in `out = out.astype(x.dtype)`
            return not results or itself or self._is_nothing(statement.value) or _is_gathered(statement.value)
        if isinstance(statement, ast.If | ast.For | ast.While | ast.With):
            inside = [*statement.body, *getattr(statement, "orelse", [])]
            return all(self._is_left(each) for each in inside)
        return _is_empty(statement) or isinstance(statement, ast.Assert | ast.Expr | ast.Raise)

    def _is_nothing(self, value: ast.expr) -> bool:
        """None; above a `pass` also zeros."""
        if _is_none(value):
            return True
        zeros = isinstance(value, ast.Call) and ast.unparse(value.func).rpartition(".")[2] in {"zeros", "zeros_like"}
        return self.has_pass and (zeros or (isinstance(value, ast.Constant) and value.value == 0))


def _is_text(statement: ast.stmt) -> bool:
    """Whether a statement is a docstring, or a string in place of a comment."""
    return isinstance(statement, ast.Expr) and isinstance(getattr(statement.value, "value", None), str)


def _is_empty(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Return):
        return statement.value is None or _is_none(statement.value)
    dots = isinstance(statement, ast.Expr) and getattr(statement.value, "value", None) is Ellipsis
    return dots or isinstance(statement, ast.Pass) or _says_so(statement)


def _says_so(statement: ast.stmt) -> bool:
    """Whether a statement raises an error that says "not implemented"."""
    return isinstance(statement, ast.Raise) and bool(NOT_IMPLEMENTED.search(ast.unparse(statement)))


def _is_none(value: ast.expr) -> bool:
    """None, `...`, NotImplemented, or a tuple of nothing else."""
    if isinstance(value, ast.Tuple):
        return bool(value.elts) and all(_is_none(each) for each in value.elts)
    if isinstance(value, ast.Name):
        return value.id == "NotImplemented"
    return isinstance(value, ast.Constant) and (value.value is None or value.value is Ellipsis)


def _is_gathered(value: ast.expr) -> bool:
    """Whether a value only puts names together, as a cache does."""
    return isinstance(value, ast.Name) or (
        isinstance(value, ast.Tuple) and all(isinstance(each, ast.Name) for each in value.elts)
    )


def _called_on(value: ast.expr) -> str:
    """The name of which a value calls a method."""
    owner = value.func.value if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) else None
    return owner.id if isinstance(owner, ast.Name) else ""


def _targets(statement: ast.Assign) -> set[str]:
    """The names that an assignment binds."""
    elements = (each for target in statement.targets for each in _elements(target))
    return {each.id for each in elements if isinstance(each, ast.Name)}


def _elements(value: ast.expr) -> list[ast.expr]:
    return value.elts if isinstance(value, ast.Tuple | ast.List) else [value]


def _is_abstract(owner: ast.ClassDef, function: Function, inherited: set[str]) -> bool:
    """Whether an empty method is one that sub-classes write."""
    marks = {ast.unparse(each).rpartition(".")[2] for each in function.decorator_list}
    bases = {ast.unparse(base).rpartition(".")[2] for base in owner.bases}
    metaclass = any(ast.unparse(each.value).endswith("ABCMeta") for each in owner.keywords)
    return "abstractmethod" in marks or owner.name in inherited or bool(bases & {"ABC", "Protocol"}) or metaclass
