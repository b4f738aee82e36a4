"""Every planted mistake fails the check, and its correct twin passes on the same arrays."""

import numpy as np
import pytest

from backhand.check import check_op
from backhand.check.examination import Subject, examine
from tests.check import image_mistakes, mistakes
from tests.check.mistakes import PASS_WITH_ONES, reference

CASES = mistakes.CASES | image_mistakes.CASES
MISTAKES = mistakes.MISTAKES | image_mistakes.MISTAKES


def drawn(case, seed=0):
    return CASES[case].draw(np.random.default_rng(seed))


@pytest.mark.parametrize("name", MISTAKES)
def test_a_planted_mistake_fails(name):
    mistake = MISTAKES[name]
    found = check_op(*mistake.passes(), *drawn(mistake.case))
    assert not found.passed, name
    assert all(failure.strip() for failure in found.failures)


@pytest.mark.parametrize("case", CASES)
def test_its_correct_twin_passes(case):
    twin = reference(case.split()[0])
    found = check_op(twin.forward, twin.backward, *drawn(case), limit=1e-9)
    assert found.passed, found.failures
    assert found.compared > 0


def with_ones(mistake):
    """The check that is in use nearly everywhere: an upstream of ones."""
    arrays, options = drawn(mistake.case)
    forward, backward = mistake.passes()
    kept = {}

    def run():
        y, kept["cache"] = forward(*arrays.values(), **options)
        return np.asarray(y)

    def pull(dy):
        return backward(dy if dy.ndim else float(dy), kept["cache"])

    return examine(Subject(arrays, run, pull), np.ones, 1e-7, np.random.default_rng(0))


@pytest.mark.parametrize("name", PASS_WITH_ONES)
def test_an_upstream_of_ones_would_not_see_it(name):
    assert all(result.passed for result in with_ones(MISTAKES[name]))


def test_an_upstream_of_ones_sees_others():
    """So that the test above does not pass because that check passes everything."""
    assert not all(result.passed for result in with_ones(MISTAKES["batchnorm: mean term missing"]))
