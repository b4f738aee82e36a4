"""The last chapter of every report: every setting, the machine, and how to repeat what was done."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from backhand.files.names import ENVIRONMENT
from backhand.page.blocks import Block, Code, Columns, Section, Table, Text
from backhand.page.heading import Origin
from backhand.page.numbers import plain


def chapter(kind: str, settings: Sequence[Table], origin: Origin, *, again: Sequence[Block] = ()) -> Section:
    """Settings beside the machine and the commands.

    kind: what was made, such as "run" or "search".   settings: tables of its values.   origin: how it was made.
    again: how to repeat it, where that takes more than the command.
    """
    machine = table(f"Where it ran ({ENVIRONMENT}).", origin.facts)
    made = (Text(f"The command that made this {kind}:"), Code(origin.command)) if origin.command else ()
    report = Text("To write this report again, in its folder:"), Code("backhand report .")
    title = f"Settings, and how to repeat this {kind}"
    facts = (machine, *made, *again, *report)
    return Section("settings", title, (Columns(tuple(settings), facts),) if settings else facts)


def table(caption: str, values: Mapping[str, Any]) -> Table:
    """Names and values, tables within tables as dotted names."""
    return Table(caption, ("key", "value"), tuple(flat(values)), "ll")


def flat(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Names and values as text: tables within tables as dotted names, and lists of tables by the names of these."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{path}{key}.")
        elif isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
            for number, each in enumerate(value, start=1):
                yield from flat(each, f"{path}{key}.{each.get('name', number)}.")
        else:
            yield f"{path}{key}", plain(value)
