"""What the check is known not to get right yet, so that whatever else it gets wrong is noticed."""

from collections.abc import Sequence
from pathlib import Path

from tests.check.mutants.outcome import Outcome

FILE = Path(__file__).with_name("open.txt")


def read_open() -> dict[str, tuple[str, ...]]:
    """By the name of a mutant, what is not right: of "found", "named", "line" and "change"."""
    pairs = [line.rsplit(" :: ", 1) for line in FILE.read_text("utf-8").splitlines() if line]
    return {name: tuple(missed.split(", ")) for name, missed in pairs}


def write_open(outcomes: Sequence[Outcome]) -> None:
    """Write down what is not right in these outcomes of all mutants."""
    lines = [f"{each.mutant.name} :: {', '.join(each.missed)}\n" for each in outcomes if each.missed]
    FILE.write_text("".join(lines), "utf-8")
