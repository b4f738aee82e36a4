"""Mistakes planted in right layers: what the check finds, how it names it, and where, gets no worse.

One mutant of each pattern is reviewed here; `python -m tests.check.mutants` (`make planted`) reviews all of them.
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
    """Of every pattern the first mutant of which all is told rightly: one that fails takes longer, too."""
    known = read_open()
    first: dict[int, Mutant] = {}
    for mutant in MUTANTS:
        if mutant.name not in known:
            first.setdefault(mutant.pattern, mutant)
    return list(first.values())


CHOSEN = _chosen()


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcome]:
    """What the check says of each, by its name."""
    return {each.mutant.name: each for each in in_parallel(outcome, CHOSEN)}


@pytest.mark.parametrize("mutant", CHOSEN, ids=lambda mutant: f"{mutant.pattern}-{mutant.base}")
def test_a_mistake_is_found_named_and_placed(mutant: Mutant, outcomes: dict[str, Outcome]) -> None:
    found = outcomes[mutant.name]
    assert found.missed == (), found.report


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
