"""What a function's body holds: its expressions, the places that they stand in, and the names by what they hold."""

import ast
import re
from collections.abc import Iterator
from functools import cached_property
from types import FunctionType, ModuleType
from typing import NamedTuple

from backhand.check.source.edits.code import Code, needed_level
from backhand.check.source.edits.names import Variables, attributes_of_class, key_of, path
from backhand.check.source.edits.text import FunctionText

NOT_CHANGED = (
    ast.JoinedStr,
    ast.Assert,
    ast.Raise,
    ast.Import,
    ast.ImportFrom,
    ast.Global,
    ast.Nonlocal,
    ast.arguments,
)


COUNTER = re.compile(r"(self\.)?(t|step|steps|iter|iterations|n_iter|timestep)|\w+\[['\"](t|step|iter)['\"]\]")
NOT_COMPUTED = (ast.Constant, ast.List, ast.Compare, ast.Lambda, ast.ListComp, ast.GeneratorExp)
GRADIENT = re.compile(r"d[A-Za-z_]\w*|\w*grad\w*|delta\w*|g[xwb_]\w*|g|res\w*|out\w*")


class Change(NamedTuple):
    """The replacement of the bytes from `start` to `stop` by a text."""

    start: int
    stop: int
    text: str
    operator: str
    tier: int
    node: ast.AST

    def before(self, data: bytes) -> str:
        """The text that is replaced in these bytes."""
        return data[self.start : self.stop].decode()


class Scope:
    """A function's body, as the rules that propose changes see it."""

    def __init__(self, function: FunctionType, text: FunctionText) -> None:
        self.function = function
        self.text = text
        self.parents: dict[ast.AST, tuple[ast.AST, str]] = {}
        self.statements: list[ast.stmt] = []
        self.expressions: list[ast.expr] = []
        self._statement_of: dict[ast.AST, ast.stmt] = {}
        body = self.text.node.body
        for node in body if isinstance(body, list) else [body]:
            self.parents[node] = self.text.node, "body"
            self._visit(node, None)
        self.variables = Variables(
            self.text.node, self.statements, attributes_of_class(function), function.__code__.co_freevars
        )

    def _visit(self, node: ast.AST, statement: ast.stmt | None) -> None:
        if isinstance(node, NOT_CHANGED) or _is_docstring(node):
            return
        if isinstance(node, ast.stmt):
            self.statements.append(node)
            statement = node
        elif isinstance(node, ast.expr):
            self.expressions.append(node)
        if statement is not None:
            self._statement_of[node] = statement
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    self.parents[child] = node, name
                    self._visit(child, statement)

    def code(self, node: ast.expr) -> Code:
        """The source of an expression."""
        return self.text.piece(node)

    def statement(self, node: ast.AST) -> ast.AST:
        """The statement that an expression belongs to; a lambda's body is its own."""
        return self._statement_of.get(node, node)

    def parent(self, node: ast.AST) -> ast.AST:
        """What an expression or a statement stands in."""
        return self.parents[node][0]

    def names(self, node: ast.AST) -> frozenset[str]:
        """The variables and attributes of an expression, and what its statement assigns to."""
        statement = self.statement(node)
        targets = getattr(statement, "targets", [getattr(statement, "target", None)])
        inside = (each for top in (node, *targets) if top is not None for each in ast.walk(top))
        names = (path(each) for each in inside if isinstance(each, ast.Name | ast.Attribute))
        return frozenset(name for name in names if name in self.variables.bound)

    def targets(self, node: ast.AST) -> list[str]:
        """The bare names of what the statement of an expression assigns to."""
        statement = self.statement(node)
        targets = getattr(statement, "targets", [getattr(statement, "target", None)])
        return [path(target).rpartition(".")[2] for target in targets if target is not None and path(target)]

    def line(self, node: ast.AST) -> int:
        """The line in which the statement of an expression begins."""
        return int(getattr(self.statement(node), "lineno", 0))

    def is_size_root(self, node: ast.expr) -> bool:
        """Whether a result is a size, an index, a setting or a flag, by the name that it is assigned to."""
        target = self.roots.get(node, "")
        return target != "return" and self.variables.kinds.get(target, "array") not in ("array", "container")

    def is_computed(self, node: ast.expr) -> bool:
        """Whether a result is an array that is computed here: neither a number, a size nor an entry of a dictionary."""
        return (
            node in self.roots
            and not self.is_size_root(node)
            and not isinstance(node, NOT_COMPUTED)
            and not key_of(node)
        )

    def reduces(self, node: ast.AST) -> bool:
        """Whether an expression holds a sum or a mean."""
        return re.search(r"\b(sum|mean)\(", self.text.segment(node)) is not None

    def is_gradient(self, node: ast.expr) -> bool:
        """Whether a result is computed, and returned or assigned to what is named like a gradient."""
        target = self.roots.get(node, "")
        entry = isinstance(self.parent(node), ast.Dict)
        named = target == "return" or GRADIENT.fullmatch(target.rpartition(".")[2]) is not None
        return self.is_computed(node) and (named or entry or self._is_keyed(node))

    def _is_keyed(self, node: ast.expr) -> bool:
        statement = self.statement(node)
        return isinstance(statement, ast.Assign) and any(
            isinstance(target, ast.Subscript) and key_of(target) for target in statement.targets
        )

    def whole_arrays(self, line: int) -> list[str]:
        """The arrays of whole batches, as far as one can tell: the parameters, then what is unpacked or cached."""
        arrays = self.variables.of_kind("array", before=line)
        parameters = self.variables.parameters
        return sorted(arrays, key=lambda name: (name not in parameters, self.variables.bound[name]))

    def replace(self, node: ast.expr, code: Code | str, operator: str, tier: int) -> Change:
        """Put other code in the place of an expression."""
        code = Code(code) if isinstance(code, str) else code
        start, stop = self.text.span(node)
        parent, name = self.parents[node]
        level = 1 if self.text.is_bracketed(start, stop) else needed_level(parent, name)
        broken = code.level < 0 and self.text.is_bracketed(start, stop)
        return Change(start, stop, code.text if broken else code.at(level), operator, tier, node)

    def rewrite(self, node: ast.AST, text: str, operator: str, tier: int) -> Change:
        """Put other text in the place of a statement, or of any node that needs no parentheses."""
        return Change(*self.text.span(node), text, operator, tier, node)

    @cached_property
    def roots(self) -> dict[ast.expr, str]:
        """The expressions that are a result as a whole, and the name that each is assigned to; "return" if returned."""
        found: dict[ast.expr, str] = {}
        for statement in self.statements:
            found.update(_roots(statement))
        if isinstance(self.text.node, ast.Lambda):
            found[self.text.node.body] = "return"
        return found

    @cached_property
    def keys(self) -> list[str]:
        """The texts that are keys of dictionaries in this function."""
        keys = [each.slice for each in self.expressions if isinstance(each, ast.Subscript)]
        keys += [key for each in self.expressions if isinstance(each, ast.Dict) for key in each.keys if key]
        parts = [part.left if isinstance(part, ast.BinOp) else part for part in keys]
        texts = [each.value for each in parts if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        return list(dict.fromkeys(texts))

    @cached_property
    def counters(self) -> list[str]:
        """The names and entries that count steps."""
        texts = [
            self.text.segment(e) for e in self.expressions if isinstance(e, ast.Name | ast.Attribute | ast.Subscript)
        ]
        return [text for text in dict.fromkeys(texts) if COUNTER.fullmatch(text)]

    @cached_property
    def entries(self) -> set[str]:
        """The entries of dictionaries of parameters that this function reads: self.params["W1"]."""
        return {
            self.text.segment(each)
            for each in self.expressions
            if isinstance(each, ast.Subscript) and isinstance(each.ctx, ast.Load)
            if isinstance(each.slice, ast.Constant) and re.match(r"[wW]|theta", str(each.slice.value))
        }

    @cached_property
    def uses_torch(self) -> bool:
        """Whether arrays are torch tensors here, as far as the function's own names tell."""
        names = set(self.function.__code__.co_names)
        if names & {"torch", "F"}:
            return True
        namespace = self.function.__globals__
        return "torch" in namespace and "np" not in names

    def module(self) -> str:
        """The name under which the file knows NumPy, or torch where the function uses torch."""
        package = "torch" if self.uses_torch else "numpy"
        for name, value in self.function.__globals__.items():
            if isinstance(value, ModuleType) and value.__name__ == package:
                return name
        return "torch" if self.uses_torch else "np"

    def is_module(self, node: ast.expr) -> bool:
        """Whether an expression names a module such as np, torch or np.random."""
        name = path(node).partition(".")[0]
        return (
            isinstance(self.function.__globals__.get(name), ModuleType)
            or re.fullmatch(r"np|numpy|torch|F", name) is not None
        )


def _roots(statement: ast.stmt) -> Iterator[tuple[ast.expr, str]]:
    if isinstance(statement, ast.Assign | ast.AugAssign | ast.AnnAssign) and statement.value is not None:
        target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
        yield from _parts(statement.value, target)
    elif isinstance(statement, ast.Return) and statement.value is not None:
        for part, _ in _parts(statement.value, None):
            yield part, "return"


def _parts(value: ast.expr, target: ast.expr | None) -> Iterator[tuple[ast.expr, str]]:
    """The elements of a tuple or a dictionary, or the expression itself."""
    if isinstance(value, ast.Tuple):
        paired = isinstance(target, ast.Tuple) and len(target.elts) == len(value.elts)
        targets = target.elts if paired and isinstance(target, ast.Tuple) else [target] * len(value.elts)
        for part, part_of in zip(value.elts, targets, strict=True):
            yield from _parts(part, part_of)
    elif isinstance(value, ast.Dict):
        for part in value.values:
            yield from _parts(part, target)
    elif not isinstance(target, ast.Tuple | ast.List):
        yield value, path(target) if target is not None else "return"


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
