"""The statements of a person's program that a call runs."""

import ast
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any

from backhand.check.source.guarded import outcome
from backhand.check.source.remarks import Place
from backhand.check.source.session import LoadedFile, Session

LONGEST_RUN = 5.0  # seconds; line by line, a pass takes longer than otherwise
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Statement:
    """A statement of a program that was run, with the function that holds it.

    path: of its file, as Python names it.   location: where the statement begins.   loops: how many loops of the
    function are around it.   order: how many statements were run for the first time before it.   caller: the file and
    the line from which the function was called first.
    """

    path: str
    node: ast.stmt
    function: FunctionNode
    location: Place
    loops: int
    order: int
    caller: tuple[str, int]

    @property
    def expressions(self) -> list[ast.expr]:
        """What the statement computes itself; of a loop or a condition what stands in its first line."""
        return [each for each in ast.iter_child_nodes(self.node) if isinstance(each, ast.expr)]

    def walk(self) -> Iterator[ast.AST]:
        """The nodes of these expressions."""
        for expression in self.expressions:
            yield from ast.walk(expression)


def statements_run(session: Session, call: Callable[[], object]) -> list[Statement]:
    """The statements of a program's functions that a call runs, in the order in which each is first run.

    They are those before the error if the call ends with one.
    """
    files = {str(path): file for path, file in session.files.items()}
    known = {path: dict(_by_line(file.tree)) for path, file in files.items()}
    found: dict[int, Statement] = {}
    for (path, line), caller in _lines_run(files, call).items():
        entry = known[path].get(line)
        if entry is not None and id(entry[0]) not in found:
            node, function, loops = entry
            where = session.location(files[path].source, node.lineno)
            found[id(node)] = Statement(path, node, function, where, loops, len(found), caller)
    return list(found.values())


def statements_before(session: Session, error: BaseException) -> list[Statement]:
    """The statements above the innermost line of the program in an error's traceback, that line last; of its function.

    None where the error has no line in a function of the program.
    """
    files = {str(path): file for path, file in session.files.items()}
    path, last, step = "", 0, error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename in files:
            path, last = step.tb_frame.f_code.co_filename, step.tb_lineno
        step = step.tb_next
    known = dict(_by_line(files[path].tree)) if path else {}
    if last not in known:
        return []
    function, source = known[last][1], files[path].source
    above = [known[line] for line in sorted(known) if line <= last and known[line][1] is function]
    different = list({id(entry[0]): entry for entry in above}.values())
    return [
        Statement(path, node, function, session.location(source, node.lineno), loops, order, ("", 0))
        for order, (node, _, loops) in enumerate(different)
    ]


def _lines_run(files: Mapping[str, LoadedFile], call: Callable[[], object]) -> dict[tuple[str, int], tuple[str, int]]:
    """Each line that a call runs, with that from which its function was called."""
    seen: dict[tuple[str, int], tuple[str, int]] = {}
    before = sys.gettrace()

    def enter(frame: FrameType, _event: str, _argument: Any) -> Any:
        return step if frame.f_code.co_filename in files else None

    def step(frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "line":
            caller = frame.f_back
            where = (caller.f_code.co_filename, caller.f_lineno) if caller is not None else ("", 0)
            seen.setdefault((frame.f_code.co_filename, frame.f_lineno), where)
        return step

    def traced() -> None:
        sys.settrace(enter)
        try:
            call()
        finally:
            sys.settrace(before)

    outcome(traced, LONGEST_RUN)
    return seen


def _by_line(
    body: Sequence[ast.stmt], function: FunctionNode | None = None, loops: int = 0
) -> Iterator[tuple[int, tuple[ast.stmt, FunctionNode, int]]]:
    """Each line of each function with the innermost statement there, its function and the loops around it."""
    for node in body:
        inner = [each for name in ("body", "orelse", "finalbody") for each in getattr(node, name, [])]
        inner += [each for handler in getattr(node, "handlers", []) for each in handler.body]
        if function is not None and not isinstance(node, FunctionNode | ast.ClassDef):
            stop = min([each.lineno for each in inner], default=(node.end_lineno or node.lineno) + 1)
            for line in range(node.lineno, max(stop, node.lineno + 1)):
                yield line, (node, function, loops)
        own = node if isinstance(node, FunctionNode) else function
        outer = 0 if isinstance(node, FunctionNode) else loops + isinstance(node, ast.For | ast.While)
        yield from _by_line(inner, own, outer)
