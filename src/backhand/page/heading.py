"""What stands under the title of every report: the data, the time, the version, and what the command line changed."""

from collections.abc import Mapping
from typing import Any

from backhand.page.numbers import plain


def changes(values: Mapping[str, Any]) -> str:
    """What the command line changed, by dotted path: "train.epochs = 1, seed = 3"; "" where it changed nothing."""
    return ", ".join(f"{key} = {plain(value)}" for key, value in values.items())


def subtitle(data: str, environment: Mapping[str, Any], changed: Mapping[str, Any]) -> str:
    """The facts that there are, in one line; a title that names a value is corrected by the changes beside it."""
    started, version = str(environment.get("started", "")).replace("T", " ")[:16], environment.get("backhand")
    facts = data, started, f"Backhand {version}" if version else "", f"changed: {changes(changed)}" if changed else ""
    return " · ".join(filter(None, facts))
