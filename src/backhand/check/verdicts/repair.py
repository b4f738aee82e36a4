"""The one-line change that mends a wrong gradient: changes are tried one after the other until one passes every trial.

A change is first tried in one configuration, where the true gradient is known already; the few that pass are then
checked in all configurations.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from types import FunctionType
from typing import Any

import numpy as np

from backhand.arrays import Array
from backhand.check.evidence import relative_error
from backhand.check.reading.budget import Budget
from backhand.check.source.definitions import plain
from backhand.check.source.edits import Edit, edits
from backhand.check.source.guarded import outcome
from backhand.check.verdicts.trial import Trial, run_trial

BUDGET = 3.0  # seconds of the processor for each wrong gradient


def mend(
    trials: Sequence[Trial],
    names: Sequence[str],
    functions: Sequence[Any],
    focus: Sequence[str],
    only: Sequence[Trial] = (),
) -> Edit | None:
    """The first change that makes these gradients right in every configuration and spoils nothing; None for none.

    functions: where the mistake may lie, the likeliest first.   focus: the names of the gradients in the source.
    only: the trials that it must mend, if not all; it may spoil none.
    """
    failed = [trial for trial in only or trials if any(name in trial.wrong for name in names)]
    if not failed:
        return None
    first = min(failed, key=lambda trial: (not trial.is_usual, trial.passage is None))
    if first.passage is None or first.specimen is None:
        return None
    true = {name: first.evidence(name).true for name in names if first.gradients.values.get(name) is not None}
    if len(true) < len(names):
        return None
    budget = Budget(BUDGET)
    for edit in _candidates(functions, focus):
        if budget.is_spent:
            return None
        if _is_good(edit, trials, first, true, only):
            return edit
    return None


def _is_good(edit: Edit, trials: Sequence[Trial], first: Trial, true: dict[str, Array], only: Sequence[Trial]) -> bool:
    def is_mended() -> bool:
        with edit.applied():
            return _mends(first, true) and _passes_everywhere(trials, list(true), only)

    return bool(outcome(is_mended).value)  # a changed text that does not compile mends nothing


def mend_pass(functions: Sequence[Any], is_right: Callable[[], bool]) -> Edit | None:
    """The first change of these functions with which a pass does what it should; None for none."""
    budget = Budget(BUDGET)
    for edit in _candidates(functions, ()):
        if budget.is_spent:
            return None
        if outcome(partial(_applied, edit, is_right)).value:
            return edit
    return None


def _applied(edit: Edit, is_right: Callable[[], bool]) -> bool:
    with edit.applied():
        return is_right()


def _candidates(functions: Sequence[Any], focus: Sequence[str]) -> Iterator[Edit]:
    for function in functions:
        bare = plain(function)
        if isinstance(bare, FunctionType):
            try:
                yield from edits(bare, focus)
            except (OSError, TypeError, SyntaxError, ValueError):  # its source is not to be had
                continue


def _mends(trial: Trial, true: dict[str, Array]) -> bool:
    specimen = trial.specimen
    assert specimen is not None
    gradients = outcome(lambda: specimen.forward().backward(trial.dy).values).value
    if gradients is None:
        return False
    for name, values in true.items():
        given = gradients.get(name)
        if given is None or given.shape != values.shape:
            return False
        known = np.isfinite(values)
        if not known.any() or not np.isfinite(given).all():
            return False
        if relative_error(given[known], values[known], trial.evidence(name).floor).max() > trial.limit:
            return False
    return True


def _passes_everywhere(trials: Sequence[Trial], names: Sequence[str], only: Sequence[Trial]) -> bool:
    """Whether these gradients are right in every trial that counts, and no other is wrong that was right before."""
    for before in trials:
        if before.refused is not None:
            continue
        after = run_trial(before.reading, before.config)
        if after.refused is not None or after.crashed is not None:
            return False
        counts = not only or any(before is trial for trial in only)
        if (counts and any(name in after.wrong for name in names)) or set(after.wrong) - set(before.wrong):
            return False
    return True
