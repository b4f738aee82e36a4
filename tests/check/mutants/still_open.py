"""What the check is known not to get right yet, so that whatever else it gets wrong is noticed."""

from collections.abc import Sequence
from pathlib import Path

from tests.check.mutants.outcome import Outcome
from tests.check.mutants.tables import MUTANTS

FILE = Path(__file__).with_name("open.txt")


def read_open() -> dict[str, tuple[str, ...]]:
    """By the name of a mutant, what is not right: of "found", "named", "line" and "change"."""
    pairs = [line.rsplit(" :: ", 1) for line in FILE.read_text("utf-8").splitlines() if line]
    return {name: tuple(missed.split(", ")) for name, missed in pairs}


def write_open(outcomes: Sequence[Outcome]) -> None:
    """Write down what is not right in these outcomes; of other mutants what is known stays."""
    known = read_open() | {each.mutant.name: each.missed for each in outcomes}
    lines = [f"{m.name} :: {', '.join(known[m.name])}\n" for m in MUTANTS if known.get(m.name)]
    FILE.write_text("".join(lines), "utf-8")
