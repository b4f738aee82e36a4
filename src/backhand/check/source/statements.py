"""The top-level statements of a file, executed one by one: one that fails becomes a remark, and the rest goes on."""

import __future__

import ast
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from backhand.check.source.guarded import OutOfTime, attempt, execute
from backhand.check.source.remarks import Kind

SECONDS = 2.0  # that one top-level statement may take
LONGEST_QUOTE = 200  # characters of an exception's message that a remark repeats
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Failure = tuple[Kind, str, int]  # the kind and the text of a remark, and the line of the file's text


def run_statements(statements: list[ast.stmt], namespace: dict[str, Any], filename: str) -> Iterable[Failure]:
    """Execute statements in order and yield a failure for each that raises or takes too long.

    Statements that are no definitions and lack the same name share one failure.
    """
    flags = _future_flags(statements)
    lost: set[str] = set()  # the names that statements which failed were to define
    told: set[str | None] = set()  # the names of which a remark said that they are not defined
    for statement in statements:
        module = ast.Module([statement], type_ignores=[])

        def run(module: ast.Module = module) -> None:
            execute(compile(module, filename, "exec", flags, dont_inherit=True), namespace)

        error = attempt(run, SECONDS)
        if error is None:
            continue
        if not (isinstance(error, NameError) and error.name in told and not isinstance(statement, Definition)):
            yield _failure(statement, error, filename, lost)
        if isinstance(error, NameError):
            told.add(error.name)
        lost |= _bound_names(statement) - namespace.keys()


def _future_flags(statements: list[ast.stmt]) -> int:
    """The compiler's flags for the `from __future__ import` statements, which hold for the whole file."""
    flags = 0
    for statement in statements:
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            for alias in statement.names:
                feature = getattr(__future__, alias.name, None)
                flags |= getattr(feature, "compiler_flag", 0)
    return flags


def _bound_names(statement: ast.stmt) -> set[str]:
    """The names that a statement defines or assigns."""
    nodes = list(ast.walk(statement))
    names = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    aliases = {
        alias.asname or alias.name.partition(".")[0]
        for node in nodes
        for alias in getattr(node, "names", [])
        if isinstance(alias, ast.alias)
    }
    return names | aliases | {node.name for node in nodes if isinstance(node, Definition)}


def _failure(statement: ast.stmt, error: BaseException, filename: str, lost: set[str]) -> Failure:
    line = _line(statement, error, filename)
    if isinstance(error, OutOfTime):
        text = (
            f"This statement takes longer than {SECONDS:g} seconds and was ended. "
            'Work such as training belongs under `if __name__ == "__main__":`, where a check leaves it alone.'
        )
        return "time limit", text, line
    if isinstance(statement, Definition):
        word = "class" if isinstance(statement, ast.ClassDef) else "function"
        text = f"The {word} `{statement.name}` could not be defined and is not checked: {described(error)}."
        return "definition", text, line
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return "definition", f"This import failed: {described(error)}. Code that needs it cannot be checked.", line
    if isinstance(error, NameError) and error.name in lost:
        return "statement", f"This statement was left out, since `{error.name}` comes from one that failed.", line
    return "statement", _stopped(statement, error), line


def _stopped(statement: ast.stmt, error: BaseException) -> str:
    """Why a statement that is no definition stopped, and what it means for the check."""
    if isinstance(error, SystemExit | KeyboardInterrupt):
        return "The program ends itself at this line; the check goes on with the lines below."
    if isinstance(error, EOFError):
        return "This statement waits for input, of which a check gives none; it was left out."
    if isinstance(error, FileNotFoundError) and error.filename:
        name = Path(str(error.filename)).name
        return f"This statement reads `{name}`, which is not there; it was left out. Layers rarely need it."
    if isinstance(error, IndexError | ValueError) and "sys.argv" in ast.unparse(statement):
        return "This statement reads arguments of the command line, of which a check gives none; it was left out."
    return f"This statement was left out, since it stopped with {described(error)}."


def described(error: BaseException) -> str:
    """An exception in one line: its class and, shortened, the first line of its message."""
    lines = str(error).strip().splitlines()
    words = lines[0] if lines else ""
    if len(words) > LONGEST_QUOTE:
        words = f"{words[:LONGEST_QUOTE].rstrip()} …"
    return f"{type(error).__name__}: {words.rstrip('.')}" if words else type(error).__name__


def _line(statement: ast.stmt, error: BaseException, filename: str) -> int:
    """The last line of the statement itself that was being executed."""
    line, last = statement.lineno, statement.end_lineno or statement.lineno
    step = error.__traceback__
    while step is not None:
        inside = step.tb_frame.f_code.co_filename == filename and step.tb_frame.f_code.co_name == "<module>"
        if inside and statement.lineno <= step.tb_lineno <= last:
            line = step.tb_lineno
        step = step.tb_next
    return line
