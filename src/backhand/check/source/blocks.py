"""A file's syntax tree, also where some of its blocks hold errors: those are left out, and the others stay.

A block is a statement at the margin, or a method of a class.
"""

import ast
import re
import warnings
from dataclasses import dataclass, field

# A line at the margin that begins a block; the others belong to the block above.
MARGIN = re.compile(r"(?!(else|elif|except|finally)\b)[^\s#)\]}]")
METHOD = re.compile(r"\s+(async\s+)?def\b")
UNCLOSED = ("never closed", "unterminated triple-quoted", "unexpected EOF")  # more lines may mend it
MOST_LINES = 500  # that are added to a block in the hope that they close its bracket or string


@dataclass
class Parsed:
    """The top-level statements that could be read, and the errors of the blocks that could not.

    text: that of the file, the lines of those blocks left blank.
    """

    text: str
    statements: list[ast.stmt] = field(default_factory=list)
    errors: list[SyntaxError] = field(default_factory=list)


def parse(text: str) -> Parsed:
    """Read a whole file, or else block by block; every line number is that of the file."""
    tree = _parsed(text)
    if isinstance(tree, ast.Module):
        return Parsed(text, tree.body)
    result = Parsed(text)
    lines = text.split("\n")
    starts = _block_starts(lines)
    ends = [*starts[1:], len(lines)]
    position = 0
    while position < len(starts):
        position = _read_block(lines, starts, ends, position, result)
    result.text = "\n".join(lines)
    return result


def _read_block(lines: list[str], starts: list[int], ends: list[int], position: int, result: Parsed) -> int:
    """Read the block at this position, where need be with the following ones; return the position after it.

    The lines of a block that cannot be read become blank.
    """
    first: SyntaxError | None = None
    for last in range(position, len(starts)):
        tree = _parsed("\n" * starts[position] + "\n".join(lines[starts[position] : ends[last]]))
        if isinstance(tree, ast.Module):
            result.statements += tree.body
            return last + 1
        first = first or tree
        too_long = ends[last] - starts[position] > MOST_LINES
        if too_long or not any(words in (tree.msg or "") for words in UNCLOSED):
            break
    begin, end = starts[position], ends[position]
    if first is not None and not _read_class(lines, begin, end, result):
        result.errors.append(first)
        lines[begin:end] = [""] * (end - begin)
    return position + 1


def _read_class(lines: list[str], begin: int, end: int, result: Parsed) -> bool:
    """Read a class without those of its methods that hold errors, whose lines become blank; whether that works."""
    kept = [""] * begin + lines[begin:end]
    errors: list[SyntaxError] = []
    tree = _parsed("\n".join(kept))
    while isinstance(tree, SyntaxError):
        method = _method(kept, begin, (tree.lineno or 1) - 1)
        if method is None:
            return False
        errors.append(tree)
        kept[method] = [""] * (method.stop - method.start)
        tree = _parsed("\n".join(kept))
    result.statements += tree.body
    result.errors += errors
    lines[begin:end] = kept[begin:]
    return True


def _method(lines: list[str], begin: int, index: int) -> slice | None:
    """The lines of the method that holds a line, decorators included; None outside of methods."""
    start = next((each for each in range(min(index, len(lines) - 1), begin, -1) if METHOD.match(lines[each])), None)
    if start is None:
        return None
    margin = len(lines[start]) - len(lines[start].lstrip())
    inside = (each for each in range(start + 1, len(lines)) if lines[each].strip())
    stop = next((each for each in inside if len(lines[each]) - len(lines[each].lstrip()) <= margin), len(lines))
    while start - 1 > begin and lines[start - 1].strip().startswith("@"):
        start -= 1
    return slice(start, stop) if start <= index < stop else None


def _block_starts(lines: list[str]) -> list[int]:
    """The indices of the lines that begin a block; decorators begin the block of what they decorate."""
    starts = [0]
    decorated = False
    for index, line in enumerate(lines):
        if MARGIN.match(line):
            if index and not decorated:
                starts.append(index)
            decorated = line.startswith("@")
    return starts


def _parsed(text: str) -> ast.Module | SyntaxError:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except SyntaxError as error:
            return error
        except (ValueError, RecursionError, MemoryError) as error:  # null bytes; expressions that are nested too deeply
            return SyntaxError(str(error) or "too deeply nested", ("", 1, 1, ""))
