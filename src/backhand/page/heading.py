"""What stands under the title of every report: the data, the time, the version, and what the command line changed."""

from collections.abc import Mapping
from typing import Any, Protocol

from backhand.page.numbers import plain


class Origin(Protocol):
    """How an experiment was made: when, by which version and which command, and all facts by name.

    A fact that nobody knows is an empty text.
    """

    @property
    def started(self) -> str:
        """The time at which it began, as ISO 8601 has it."""

    @property
    def backhand(self) -> str:
        """The version of the program."""

    @property
    def command(self) -> str:
        """The command that began it, which can be pasted."""

    @property
    def facts(self) -> Mapping[str, Any]:
        """All that is known of the machine and the process, by name."""


def changes(values: Mapping[str, Any]) -> str:
    """What the command line changed, by dotted path: "train.epochs = 1, seed = 3"; "" where it changed nothing."""
    return ", ".join(f"{key} = {plain(value)}" for key, value in values.items())


def subtitle(data: str, origin: Origin, changed: Mapping[str, Any]) -> str:
    """The facts that there are, in one line; a title that names a value is corrected by the changes beside it."""
    started = origin.started.replace("T", " ")[:16]
    version = f"Backhand {origin.backhand}" if origin.backhand else ""
    facts = data, started, version, f"changed: {changes(changed)}" if changed else ""
    return " · ".join(filter(None, facts))
