"""How a function or a class uses its arguments: as words that it compares, as dictionaries, as sizes, as functions."""

import ast
import inspect
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import FunctionType
from typing import Any

DEPTH = 2  # calls that an argument is followed into


@dataclass
class Usage:
    """What is done with one argument.

    words: the strings that it is compared with, in the order of the text.   keys: the words of each key by which it is
    subscripted.   is_sized: whether its length is asked, or it is unpacked, indexed or gone through, as no number can
    be.   is_called: whether it is called.   is_of_types: whether its type is asked, as of what may be of several.
    is_compared: whether nothing but comparisons with such strings is done.
    """

    words: list[str] = field(default_factory=list)
    keys: dict[str, list[str]] = field(default_factory=dict)
    is_sized: bool = False
    is_called: bool = False
    is_of_types: bool = False
    is_compared: bool = False


UNUSED = Usage()


def usages(function: Callable[..., Any]) -> Mapping[str, Usage]:
    """How each argument is used, by its name; of a class, those of its constructor, in all of its methods."""
    try:
        return _usages(function, 0)
    except (TypeError, ValueError, RecursionError):
        return {}


@lru_cache(maxsize=512)
def _usages(function: Callable[..., Any], depth: int) -> Mapping[str, Usage]:
    owner = function if isinstance(function, type) else None
    entry = getattr(function, "__init__", None) if owner else getattr(function, "__func__", function)
    if not isinstance(entry, FunctionType) or depth > DEPTH:
        return {}
    uses = _Uses(_tree(entry))
    methods = [] if owner is None else [m for m in _methods(owner) if m is not entry]
    for method in methods:
        uses.add(_Uses(_tree(method)), "self.")
    known = {**entry.__globals__, **{f"{start}.{m.__name__}": m for m in methods for start in ("self", "super()")}}
    names = list(inspect.signature(entry).parameters)
    return {name: uses.usage(name, known, depth) for name in names if name != "self"}


def _methods(cls: type) -> Iterator[FunctionType]:
    for base in cls.__mro__[:-1]:
        yield from (value for value in vars(base).values() if isinstance(value, FunctionType))


def _tree(function: FunctionType) -> ast.AST:
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError, TypeError):
        return ast.Module([], [])


class _Uses:
    """What is done with every expression of a function that names something, by its text."""

    def __init__(self, tree: ast.AST) -> None:
        self.words: list[tuple[str, str]] = []
        self.sized: set[str] = set()
        self.asked: set[str] = set()  # of what type they are
        self.called: set[str] = set()
        self.aliases: list[tuple[str, str]] = []
        self.handed: list[tuple[str, str, int | str]] = []
        self.reads: Counter[str] = Counter()
        for node in ast.walk(tree):
            self._look_at(node)

    def add(self, other: "_Uses", prefix: str) -> None:
        """Take over what another function does with expressions that begin so."""
        self.words += [pair for pair in other.words if pair[0].startswith(prefix)]
        self.aliases += [pair for pair in other.aliases if pair[1].startswith(prefix)]
        self.handed += [each for each in other.handed if each[0].startswith(prefix)]
        self.sized |= {text for text in other.sized if text.startswith(prefix)}
        self.called |= {text for text in other.called if text.startswith(prefix)}
        self.asked |= {text for text in other.asked if text.startswith(prefix)}

    def usage(self, name: str, namespace: Mapping[str, Any], depth: int) -> Usage:
        """What is done with the argument of this name, under any name that it is given."""
        texts = [name]
        for text in texts:
            texts += [new for new, old in self.aliases if old == text and new and new not in texts]
        is_sized = bool(self.sized & set(texts)) and not self.asked & set(texts)  # else it takes numbers as well
        is_of_types = bool(self.asked & set(texts))
        found = Usage(is_sized=is_sized, is_called=bool(self.called & set(texts)), is_of_types=is_of_types)
        found.words += [word for text, word in self.words if text in texts]
        found.is_compared = bool(found.words) and len(found.words) == self.reads[name] and len(texts) == 1
        everything = {text for text, _ in self.words} | self.sized | self.called | {text for text, *_ in self.handed}
        everything |= {old for _, old in self.aliases}
        for text in texts:
            for other in sorted(everything):
                if other.startswith(f"{text}['") and other.endswith("']") and other.count("[") == text.count("[") + 1:
                    key = other[len(text) + 2 : -2]
                    found.keys.setdefault(key, []).extend(self.usage(other, namespace, depth).words)
        for text, callee, position in self.handed:
            if text in texts:
                _take(found, namespace.get(callee), position, depth)
        return found

    def _look_at(self, node: ast.AST) -> None:
        if isinstance(node, ast.Compare) and len(node.comparators) == 1:
            self._compared(node.left, node.comparators[0])
            self._compared(node.comparators[0], node.left)
        elif isinstance(node, ast.Subscript):
            self._subscripted(node)
        elif isinstance(node, ast.For | ast.comprehension):
            self.sized.add(_text(node.iter))
        elif isinstance(node, ast.Assign):
            self._assigned(node)
        elif isinstance(node, ast.Call):
            self._called(node)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            self.reads[node.id] += 1

    def _compared(self, side: ast.expr, other: ast.expr) -> None:
        if isinstance(side, ast.Call) and isinstance(side.func, ast.Attribute):
            side = side.func.value  # `name.lower()`
        values = other.elts if isinstance(other, ast.Tuple | ast.List | ast.Set) else [other]
        constants = (value.value for value in values if isinstance(value, ast.Constant))
        self.words += [(_text(side), value) for value in constants if isinstance(value, str)]

    def _subscripted(self, node: ast.Subscript) -> None:
        index = node.slice.operand if isinstance(node.slice, ast.UnaryOp) else node.slice
        if isinstance(index, ast.Constant) and isinstance(index.value, str):
            self.aliases.append((_text(node), _text(node)))  # so that the key is known
        elif isinstance(node.ctx, ast.Load) and isinstance(index, ast.Constant | ast.Slice | ast.BinOp | ast.Name):
            self.sized.add(_text(node.value))

    def _assigned(self, node: ast.Assign) -> None:
        for target in node.targets:
            self.aliases.append((_text(target), _text(node.value)))
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Name | ast.Attribute):
                self.sized.add(_text(node.value))
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = zip(target.elts, node.value.elts, strict=False)
                self.aliases += [(_text(new), _text(old)) for new, old in pairs]

    def _called(self, node: ast.Call) -> None:
        callee = _text(node.func)
        self.called.add(callee)
        if callee in ("isinstance", "type") and node.args:
            self.asked.add(_text(node.args[0]))
        if callee in ("len", "enumerate", "zip", "tuple", "list", "reversed", "sum"):
            self.sized |= {_text(argument) for argument in node.args}
        self.handed += [(_text(argument), callee, i) for i, argument in enumerate(node.args)]
        self.handed += [(_text(k.value), callee, k.arg) for k in node.keywords if k.arg is not None]


def _take(found: Usage, callee: Any, position: int | str, depth: int) -> None:
    """Add what a function that the argument is handed to does with it."""
    if not isinstance(callee, FunctionType | type):
        return
    inner = _usages(callee, depth + 1)
    name = position if isinstance(position, str) else next(iter(list(inner)[position : position + 1]), "")
    usage = inner.get(name, UNUSED)
    found.words += usage.words
    found.is_sized |= usage.is_sized
    found.is_called |= usage.is_called
    found.is_of_types |= usage.is_of_types
    for key, words in usage.keys.items():
        found.keys.setdefault(key, []).extend(words)


def _text(node: ast.expr) -> str:
    """The text of an expression that names something; "" for any other."""
    named = isinstance(node, ast.Name | ast.Attribute | ast.Subscript)
    return ast.unparse(node) if named else ""
