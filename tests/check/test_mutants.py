"""Mistakes planted in right layers: what the check finds, how it names it, and where, gets no worse.

A third of the mutants are reviewed here, at least one of every pattern; `python -m tests.check.mutants` reviews all.
"""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tests.check.mutants.mutant import BASES, Mutant
from tests.check.mutants.outcome import Outcome, outcome
from tests.check.mutants.reviews import in_parallel, passes_in_child
from tests.check.mutants.still_open import read_open
from tests.check.mutants.tables import MUTANTS, PATTERNS, RIGHT_BY_CHANCE


def _chosen() -> list[Mutant]:
    """The second of every pattern's mutants: among the first are those of the longest reviews."""
    seen: Counter[int] = Counter()
    chosen = []
    for mutant in MUTANTS:
        seen[mutant.pattern] += 1
        if seen[mutant.pattern] == 2:
            chosen.append(mutant)
    return chosen


CHOSEN = _chosen()


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcome]:
    return {each.mutant.name: each for each in in_parallel(outcome, CHOSEN)}


@pytest.mark.parametrize("mutant", CHOSEN, ids=lambda mutant: f"{mutant.pattern}-{mutant.base}")
def test_a_mistake_is_found_named_and_placed(mutant: Mutant, outcomes: dict[str, Outcome]) -> None:
    found = outcomes[mutant.name]
    known = read_open().get(mutant.name, ())
    assert set(found.missed) <= set(known), found.report


@pytest.mark.parametrize("mutant", RIGHT_BY_CHANCE, ids=lambda mutant: f"{mutant.pattern}-{mutant.base}-{mutant.unit}")
def test_what_is_right_by_chance_computes_the_same(mutant: Mutant, tmp_path: Path) -> None:
    """Why it does is the heading in `chance.txt`; nothing is said of it, and nothing could be."""
    given, changed = (
        passes_in_child(mutant.write(_folder(tmp_path, name), text), mutant.unit)
        for name, text in (("right", mutant.base_text), ("changed", mutant.text))
    )
    assert len(given) == len(changed) > 2
    for a, b in zip(given, changed, strict=True):
        np.testing.assert_allclose(np.array(a, float), np.array(b, float), rtol=1e-9, atol=1e-12)


def _folder(parent: Path, name: str) -> Path:
    (parent / name).mkdir()
    return parent / name


def test_every_pattern_is_planted_three_times() -> None:
    counts = Counter(mutant.pattern for mutant in MUTANTS)
    assert sorted(PATTERNS) == list(range(1, 82))
    assert {pattern: count for pattern, count in counts.items() if count < 3} == {}


def test_every_mutant_is_a_program() -> None:
    for mutant in MUTANTS:
        assert mutant.text != mutant.base_text
        compile(mutant.text, mutant.base, "exec")


def test_what_is_open_is_planted() -> None:
    assert set(read_open()) <= {mutant.name for mutant in MUTANTS}


def test_every_base_is_used() -> None:
    assert {path.name for path in BASES.glob("*.py")} <= {mutant.base for mutant in MUTANTS}
