"""The last chapter of every report: every setting, the machine, and how to repeat what was done."""

from collections.abc import Mapping, Sequence
from typing import Any

from backhand.report import tables
from backhand.report.blocks import Block, Code, Columns, Section, Table, Text


def chapter(
    kind: str, settings: Sequence[Table], environment: Mapping[str, Any], *, again: Sequence[Block] = ()
) -> Section:
    """Settings beside the machine and the commands.

    kind: what was made, such as "run" or "search".   settings: tables of its values.   environment: that of its first
    start.   again: how to repeat it, where that takes more than the command.
    """
    machine = tables.settings("Where it ran (environment.json).", dict(environment))
    command = environment.get("command")
    made = (Text(f"This {kind} was made by:"), Code(str(command))) if command else ()
    report = Text("To write this report again from the folder that it lies in:"), Code("backhand report .")
    title = f"Settings, and how to repeat this {kind}"
    return Section("settings", title, (Columns(tuple(settings), (machine, *made, *again, *report)),))
