"""Reviews every mutant and prints what the check found: `python -m tests.check.mutants [WORD ...] [--write]`.

WORD: a pattern's number, a convention or a layer; all mutants for none.   --write: keep what is not right as known.
"""

import sys
import time

from tests.check.mutants.outcome import Outcome, outcome
from tests.check.mutants.reviews import in_parallel
from tests.check.mutants.still_open import read_open, write_open
from tests.check.mutants.tables import MUTANTS, PATTERNS


def main() -> None:
    """Print a row for each pattern, then each mutant of which something wrong or nothing was said."""
    wanted = {word for word in sys.argv[1:] if not word.startswith("-")}
    chosen = [m for m in MUTANTS if not wanted or wanted & {str(m.pattern), m.base.partition("/")[0], m.unit}]
    start = time.monotonic()
    outcomes = in_parallel(outcome, chosen)
    _print_table(outcomes, time.monotonic() - start)
    known = read_open()
    for each in outcomes:
        if each.missed:
            is_new = bool(set(each.missed) - set(known.get(each.mutant.name, ())))
            print(("NEW " if is_new else "") + each.report)
    if "--write" in sys.argv:
        write_open(outcomes)


def _print_table(outcomes: list[Outcome], seconds: float) -> None:
    print(f"{'pattern':60} {'mutants':>7} {'found':>6} {'named':>6} {'line':>7} {'change':>7}")
    for pattern, words in PATTERNS.items():
        if own := [each for each in outcomes if each.mutant.pattern == pattern]:
            print(_row(f"{pattern:2} {words}", own))
    print(_row("all", outcomes))
    print(f"{seconds:.0f} seconds; {sum(each.seconds for each in outcomes):.0f} of a processor\n")


def _row(words: str, outcomes: list[Outcome]) -> str:
    lines = [each.line for each in outcomes if each.line is not None]
    changes = [each.change for each in outcomes if each.change is not None]
    found, named = sum(each.detected for each in outcomes), sum(each.named for each in outcomes)
    line, change = f"{sum(lines)}/{len(lines)}", f"{sum(changes)}/{len(changes)}"
    return f"{words[:60]:60} {len(outcomes):7} {found:6} {named:6} {line:>7} {change:>7}"


if __name__ == "__main__":
    main()
