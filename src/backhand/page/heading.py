"""The line under the title of every report: the data, the time, the version, and what the command line changed."""

from collections.abc import Mapping
from typing import Any, Protocol

from backhand.page.numbers import plain


class Origin(Protocol):
    """How an experiment was made: when, by which version and which command, and all facts by name.

    A fact that is not known is an empty text.
    """

    @property
    def started(self) -> str:
        """The time at which the experiment began, in ISO 8601."""

    @property
    def backhand(self) -> str:
        """The version of the program."""

    @property
    def command(self) -> str:
        """The command that began the experiment, as it can be pasted into a shell."""

    @property
    def facts(self) -> Mapping[str, Any]:
        """All that is known of the machine and the process, by name."""


def changes(values: Mapping[str, Any]) -> str:
    """The keys that the command line changed: "train.epochs = 1, seed = 3"; "" where it changed nothing."""
    return ", ".join(f"{key} = {plain(value)}" for key, value in values.items())


def subtitle(data: str, origin: Origin, changed: Mapping[str, Any]) -> str:
    """One line with the data, the start, the version and the changes, as far as they are known.

    The changes are there because the title of a study may name a value that the command line changed.
    """
    started = origin.started.replace("T", " ")[:16]
    version = f"Backhand {origin.backhand}" if origin.backhand else ""
    facts = data, started, version, f"changed: {changes(changed)}" if changed else ""
    return " · ".join(filter(None, facts))
