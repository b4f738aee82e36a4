"""Python 2 turned into Python 3 where that takes a few words per line; every line stays at its number."""

import ast
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

STRING = re.compile(
    r"""(?:(?<!\w)[uUrRbB]{1,2})?(?:'''(?:\\.|[^\\])*?'''|\"\"\"(?:\\.|[^\\])*?\"\"\"|'(?:\\.|[^\\'\n])*'|"(?:\\.|[^\\"\n])*")"""
    r"|(?P<comment>\#[^\n]*)",
    re.DOTALL,
)
HIDDEN = "\x01"  # stands for every character of a string
COMPOUND = re.compile(r"[ \t]*(if|elif|else|for|while|try|except|finally|with|def|class)\b")
EXCEPT = re.compile(r"^[ \t]*except\b[^:\n]+(?P<comma>,[ \t]*)[A-Za-z_]\w*[ \t]*:", re.MULTILINE)
OCTAL = re.compile(r"(?<![\w.])(?<![\d.][eE][-+])0(?=[0-7]+\b(?!\.))")
LONG = re.compile(r"(?<![\w.])(?:0[xX][0-9a-fA-F]+|\d+)(?P<mark>[lL])\b")
BACKTICKS = re.compile(r"`([^`\n]+)`")
INDENT = re.compile(r"^[ \t]*\t[ \t]*(?=\S)", re.MULTILINE)
LISTED = {"iteritems": "items", "iterkeys": "keys", "itervalues": "values", "viewitems": "items", "viewkeys": "keys"}


class Edit(NamedTuple):
    """A change of the text from `start` to `end`; `sign` says in words what of Python 2 stood there."""

    start: int
    end: int
    replacement: str
    sign: str


class Conversion(NamedTuple):
    """The converted text, and the first thing that only Python 2 reads: its line and, as `sign`, what it is, or ""."""

    text: str
    line: int
    sign: str


def convert(text: str) -> Conversion:
    """Turn what only Python 2 reads into Python 3, as far as it is known how."""
    signs: list[tuple[int, str]] = []
    for find in PASSES:
        edits = sorted(find(text, _masked(text)))
        signs += [(text.count("\n", 0, edit.start) + 1, edit.sign) for edit in edits]
        for edit in reversed(edits):
            text = text[: edit.start] + edit.replacement + text[edit.end :]
    line, sign = min(signs, default=(0, ""))
    return Conversion(text, line, sign)


def _masked(text: str) -> str:
    """The text with its strings hidden and its comments blank, every other character at its position."""
    return STRING.sub(lambda found: (" " if found["comment"] else HIDDEN) * len(found[0]), text)


def _statements(mask: str) -> Iterator[tuple[int, int]]:
    """Start and end of every simple statement, without the space around it; those after a colon or semicolon too."""
    start, depth, compound = 0, 0, bool(COMPOUND.match(mask))
    for index, character in enumerate(mask + "\n"):
        depth += (character in "([{") - (character in ")]}")
        ends_line = character == "\n" and mask[index - 1 : index] != "\\"
        if depth <= 0 and (ends_line or character == ";" or (character == ":" and compound)):
            piece = mask[start:index]
            if piece.strip():
                yield start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
            start, depth, compound = index + 1, 0, bool(ends_line and COMPOUND.match(mask, index + 1))


def _top_commas(mask: str, start: int, end: int) -> list[int]:
    """The positions of the commas outside of brackets."""
    commas, depth = [], 0
    for index in range(start, end):
        depth += (mask[index] in "([{") - (mask[index] in ")]}")
        if mask[index] == "," and depth == 0:
            commas.append(index)
    return commas


def _indents(_text: str, mask: str) -> list[Edit]:
    """Tabs become spaces up to every eighth column, as Python 2 counted, where a file has both."""
    if not re.search(r"^ +\S", mask, re.MULTILINE):
        return []
    found = INDENT.finditer(mask)
    return [Edit(each.start(), each.end(), each[0].expandtabs(8), "tabs mixed with spaces") for each in found]


def _prints(text: str, mask: str) -> Iterator[Edit]:
    if re.search(r"^from\s+__future__\s+import\b.*\bprint_function", text, re.MULTILINE):
        return
    for start, end in _statements(mask):
        found = re.compile(r"print(?![\w.])(?!\s*[=,)\]])\s*").match(mask, start, end)
        if found and not _is_call(mask, found.end(), end):
            yield Edit(start, end, _print_call(text, mask, found.end(), end), "a print statement")


def _is_call(mask: str, start: int, end: int) -> bool:
    """Whether a bracket opens here that closes only at the end of the statement."""
    if mask[start : start + 1] != "(":
        return False
    depth = 0
    for index in range(start, end):
        depth += (mask[index] in "([{") - (mask[index] in ")]}")
        if depth == 0:
            return index == end - 1
    return True


def _print_call(text: str, mask: str, start: int, end: int) -> str:
    options = ""
    if mask.startswith(">>", start):
        comma = next(iter(_top_commas(mask, start, end)), end)
        options = f", file={text[start + 2 : comma].strip()}"
        start = min(comma + 1, end)
    printed = text[start:end].strip()
    if printed.endswith(","):
        printed, options = printed[:-1], f'{options}, end=" "'
    return f"print({printed}{options})" if printed else f"print({options[2:]})"


def _raises(text: str, mask: str) -> Iterator[Edit]:
    for start, end in _statements(mask):
        commas = _top_commas(mask, start, end) if re.compile(r"raise\b").match(mask, start) else []
        if commas:
            kind, *values = (text[a:b].strip(", ") for a, b in zip([start, *commas], [*commas, end], strict=True))
            value = "" if values[0] == "None" else f"({values[0]})"
            yield Edit(start, end, kind + value, "a raise statement with a comma")


def _execs(text: str, mask: str) -> Iterator[Edit]:
    for start, end in _statements(mask):
        if found := re.compile(r"exec\b(?!\s*[(=.])\s*").match(mask, start, end):
            inside = re.compile(r"\s+in\s+").search(mask, found.end(), end)
            code = text[found.end() : inside.start() if inside else end]
            scope = f", {text[inside.end() : end]}" if inside else ""
            yield Edit(start, end, f"exec({code}{scope})", "an exec statement")


def _marks(text: str, mask: str) -> Iterator[Edit]:
    """Single signs: `<>`, octal and long numbers, `except X, e` and the prefix ur of strings."""
    for found in re.finditer("<>", mask):
        yield Edit(found.start(), found.end(), "!=", "the operator <>")
    for found in OCTAL.finditer(mask):
        yield Edit(found.start(), found.end(), "0o", "an octal number that begins with 0")
    for found in LONG.finditer(mask):
        yield Edit(found.start("mark"), found.end("mark"), "", "a number that ends with L")
    for found in EXCEPT.finditer(mask):
        yield Edit(found.start("comma"), found.end("comma"), " as ", "an except clause with a comma")
    for found in re.finditer(r"(?<!\w)[uU](?=[rR]['\"])", text):
        if mask[found.start()] == HIDDEN and mask[found.start() - 1 : found.start()] != HIDDEN:
            yield Edit(found.start(), found.end(), "", "a string with the prefix ur")


def _backticks(text: str, mask: str) -> list[Edit]:
    found = BACKTICKS.finditer(mask)
    return [Edit(each.start(), each.end(), f"repr({text[each.start(1) : each.end(1)]})", "backticks") for each in found]


PASSES: list[Callable[[str, str], list[Edit] | Iterator[Edit]]]
PASSES = [_indents, _backticks, _marks, _raises, _execs, _prints]


class DictionaryMethods(ast.NodeTransformer):
    """`d.has_key(k)` becomes `k in d`, and `d.iteritems()` becomes `d.items()`."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Rename a method of dictionaries, or replace its call."""
        self.generic_visit(node)
        if not isinstance(node.func, ast.Attribute) or node.keywords:
            return node
        owner, name = node.func.value, node.func.attr
        if name == "has_key" and len(node.args) == 1:
            return ast.copy_location(ast.Compare(node.args[0], [ast.In()], [owner]), node)
        if name in LISTED and not node.args:
            node.func.attr = LISTED[name]
        return node
