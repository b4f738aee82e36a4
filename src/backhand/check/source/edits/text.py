"""The source text of a function: parsed, cut into the pieces of its nodes, changed in one place and compiled again."""

import __future__

import ast
import inspect
import warnings
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from types import CodeType, FunctionType

from backhand.check.source.edits.code import Code, level_of
from backhand.check.source.rewriting import REWRITINGS, Rewriting

FUTURE_FLAGS = sum(getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class FunctionText:
    """The lines that define a function, as they stand in its file.

    `node` is the parsed definition, with the file's line numbers. Raises OSError where there is no source, and
    SyntaxError or LookupError where the source is not the function's.
    """

    def __init__(self, function: FunctionType) -> None:
        self.code = function.__code__
        lines, self.first_line = inspect.getsourcelines(self.code)
        self.data = "".join(lines).encode()
        self.starts = [0, *accumulate(len(line.encode()) for line in lines)]
        self.is_indented = lines[0][:1].isspace()
        self.node = self._definition()
        self.rank_on_line = self._find_rank_on_line()

    def segment(self, node: ast.AST) -> str:
        """The source of a node, as the person wrote it."""
        start, stop = self.span(node)
        return self.data[start:stop].decode()

    def span(self, node: ast.AST) -> tuple[int, int]:
        """The first byte of a node and the one after its last, counted from the start of the function's lines."""
        assert isinstance(node, ast.expr | ast.stmt | ast.keyword)
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self.starts[node.lineno - self.first_line] + node.col_offset
        return start, self.starts[node.end_lineno - self.first_line] + node.end_col_offset

    def bracketed_span(self, node: ast.expr) -> tuple[int, int]:
        """The span of an element of a longer sequence, with the parentheses around it."""
        start, stop = self.span(node)
        while self.is_bracketed(start, stop):
            start, stop = start - 1, stop + 1
        return start, stop

    def piece(self, node: ast.expr) -> Code:
        """The source of an expression; one that is broken over lines gets parentheses wherever it goes."""
        text = self.segment(node)
        if isinstance(node, ast.Tuple) and text.startswith("(") and _closes_at_the_end(text):
            return Code(text)
        bracketed = isinstance(node, ast.Call | ast.Subscript | ast.List | ast.Dict)
        broken = "\n" in text and not (bracketed and "\n" not in text.partition("[" if "(" not in text else "(")[0])
        return Code(text, -1 if broken else level_of(node))

    def is_bracketed(self, start: int, stop: int) -> bool:
        """Whether the bytes just around a span are a pair of parentheses."""
        return self.data[start - 1 : start] == b"(" and self.data[stop : stop + 1] == b")"

    def line_at(self, position: int) -> int:
        """The line of the file that a byte of the text lies in."""
        return self.first_line + bisect_right(self.starts, position) - 1

    def lines(self, start: int, stop: int, data: bytes) -> str:
        """The whole lines of this text, or of a changed one, that a span touches, without their common indentation."""
        begin = data.rfind(b"\n", 0, start) + 1
        end = data.find(b"\n", stop)
        return inspect.cleandoc(" \n" + data[begin : end if end >= 0 else len(data)].decode()).strip()

    def indentation(self, start: int) -> bytes:
        """The white space that the line of a byte begins with."""
        line = self.data[self.data.rfind(b"\n", 0, start) + 1 :]
        return line[: len(line) - len(line.lstrip(b" \t"))]

    def compile(self, data: bytes) -> CodeType:
        """The code of the function whose lines were changed to these; its file and its line numbers stay."""
        return self._candidates(data)[self.rank_on_line]

    def _parse(self, data: bytes) -> ast.Module:
        """Parse lines that may be indented as a method's are; line numbers are those of the file."""
        above = b"\n" * (self.first_line - 1 - self.is_indented)  # so that line numbers are those of the file
        tree = ast.parse(above + (b"if True:\n" + data if self.is_indented else data))
        if self.is_indented:
            assert isinstance(tree.body[0], ast.If)
            tree.body = tree.body[0].body
        return tree

    def _definition(self) -> FunctionNode:
        nodes = [
            node
            for node in ast.walk(self._parse(self.data))
            if isinstance(node, FunctionNode) and _first_line(node) == self.code.co_firstlineno
            if getattr(node, "name", "<lambda>") == self.code.co_name
        ]
        positions = {line_and_column[::2] for line_and_column in self.code.co_positions()}
        for node in nodes if len(nodes) > 1 else ():
            if isinstance(node, ast.Lambda) and (node.body.lineno, node.body.col_offset) in positions:
                return node
        if not nodes:
            raise LookupError(f"the lines of {self.code.co_name} in {self.code.co_filename} hold no such definition")
        return nodes[0]

    def _find_rank_on_line(self) -> int:
        """Which of the functions of this name that begin on the same line this one is: a line may hold two lambdas."""
        candidates = self._candidates(self.data)
        positions = list(self.code.co_positions())
        for rank, code in enumerate(candidates):
            if list(code.co_positions()) == positions:
                return rank
        if not candidates or candidates[0].co_freevars != self.code.co_freevars:
            raise LookupError(f"the lines of {self.code.co_name} in {self.code.co_filename} are not those that run")
        return 0

    def _candidates(self, data: bytes) -> list[CodeType]:
        """Compile the lines, and list the functions of this name that begin on this line."""
        flags = self.code.co_flags & FUTURE_FLAGS
        tree = REWRITINGS.get(self.code.co_filename, Rewriting()).apply(_enclosed(self._parse(data), self.code))
        with warnings.catch_warnings(action="ignore", category=SyntaxWarning):  # Python has warned the person before
            module = compile(tree, self.code.co_filename, "exec", flags=flags, dont_inherit=True)
        key = self.code.co_name, self.code.co_firstlineno
        return [code for code in _nested(module) if (code.co_name, code.co_firstlineno) == key]


def read(function: FunctionType) -> FunctionText | None:
    """The source text of a function; None where it cannot be read or is not what runs."""
    try:
        return FunctionText(function)
    except (OSError, TypeError, SyntaxError, LookupError):
        return None


def _first_line(node: FunctionNode) -> int:
    decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _nested(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _nested(constant)


def _enclosed(tree: ast.Module, code: CodeType) -> ast.Module:
    """Put a definition into a function that has its free variables and into its class.

    Thus the compiler finds the same free variables, `super()` finds its cell, and private names are mangled alike.
    """
    body = tree.body
    *_, owner, _ = ["<locals>", *code.co_qualname.split(".")]
    in_class = owner != "<locals>"
    if in_class:
        body = [_with_body(f"class {owner}: pass", body)]
    free = [name for name in code.co_freevars if not (in_class and name == "__class__")]
    if free or isinstance(body[0], ast.Return):
        body = [_with_body(f"def enclosing({', '.join(free)}): pass", body)]
    tree.body = body
    return ast.fix_missing_locations(tree)


def _with_body(header: str, body: list[ast.stmt]) -> ast.stmt:
    statement = ast.parse(header).body[0]
    assert isinstance(statement, ast.ClassDef | ast.FunctionDef)
    statement.body = body
    return statement


def _closes_at_the_end(text: str) -> bool:
    """Whether the bracket that the text begins with is closed by its last character."""
    depth = 0
    for position, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if depth == 0:
            return position == len(text) - 1
    return False
