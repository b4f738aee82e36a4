"""What the tests of loading ask of a program."""

from typing import Any

from backhand.check.source.program import Program


def value(program: Program, name: str) -> Any:
    """What the program's first module has by this name."""
    return vars(program.modules[0])[name]


def kinds(program: Program) -> list[tuple[str, int]]:
    """The kind and the line of every remark."""
    return [(remark.kind, remark.line) for remark in program.remarks]


def texts(program: Program) -> str:
    """The text of all remarks."""
    return " ".join(remark.text for remark in program.remarks)
