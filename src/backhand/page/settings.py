"""The last chapter of every report: every setting, the machine, and how to repeat what was done."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from backhand.files.names import ENVIRONMENT
from backhand.page.blocks import Block, Code, Columns, Section, Table, Text
from backhand.page.heading import Origin
from backhand.page.numbers import plain


def chapter(kind: str, settings: Sequence[Table], origin: Origin, *, again: Sequence[Block] = ()) -> Section:
    """The section with the settings on one side, and the machine and the commands on the other.

    kind: the experiment in a word, such as "run" or "search".   settings: tables of its values.   origin: how it was
    made.   again: how to repeat it, where that takes more than the command.
    """
    machine = table(f"Where it ran ({ENVIRONMENT}).", origin.facts)
    command = (Text(f"The command that made this {kind}:"), Code(origin.command)) if origin.command else ()
    report = Text("To write this report again, in its folder:"), Code("backhand report .")
    title = f"Settings, and how to repeat this {kind}"
    facts = (machine, *command, *again, *report)
    return Section("settings", title, (Columns(tuple(settings), facts),) if settings else facts)


def table(caption: str, values: Mapping[str, Any]) -> Table:
    """A table of names and values, in which tables within tables have dotted names."""
    return Table(caption, ("key", "value"), tuple(flat(values)), "ll")


def flat(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Pairs of name and value as text.

    A value of a table within a table has a dotted name; a table in a list counts by its name, or else by its number.
    """
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{path}{key}.")
        elif isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
            for number, item in enumerate(value, start=1):
                yield from flat(item, f"{path}{key}.{item.get('name', number)}.")
        else:
            yield f"{path}{key}", plain(value)
