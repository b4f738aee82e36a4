"""The one-line change that mends a wrong gradient: changes are tried one after the other until one passes every trial.

A change is first tried in one configuration, where the true gradient is known already; the few that pass are then
checked in all configurations.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np

from backhand.arrays import Array
from backhand.check.evidence import relative_error
from backhand.check.reading.budget import Budget
from backhand.check.source.definitions import plain
from backhand.check.source.edits import Edit, edits, rank
from backhand.check.source.guarded import outcome
from backhand.check.verdicts.trial import Trial, run_trial

BUDGET = 3.0  # seconds of the processor for each wrong gradient
LONGEST_TRY = 2.0  # seconds for one change, which may have made an endless loop of it


class Mender:
    """Tries changes on the trials of one unit. What a change gives is remembered: several gradients may need it."""

    def __init__(self, trials: Sequence[Trial]) -> None:
        self.trials = trials
        self._edits: dict[FunctionType, list[Edit]] = {}
        self._given: dict[tuple[FunctionType, bytes, int], Mapping[str, Array | None]] = {}

    def mend(
        self, names: Sequence[str], functions: Sequence[Any], focus: Sequence[str], only: Sequence[Trial] = ()
    ) -> Edit | None:
        """The first change that makes these gradients right in every configuration and spoils nothing; None for none.

        functions: where the mistake may lie, the likeliest first.   focus: the names of the gradients in the source.
        only: the trials that it must mend, if not all; it may spoil none.
        """
        failed = [trial for trial in only or self.trials if any(name in trial.wrong for name in names)]
        if not failed:
            return None
        first = min(failed, key=lambda trial: (not trial.is_usual, trial.passage is None))
        if first.passage is None or first.specimen is None:
            return None
        true = {name: first.evidence(name).true for name in names if first.gradients.values.get(name) is not None}
        if len(true) < len(names):
            return None
        budget = Budget(BUDGET)
        for edit in self._candidates(functions, focus):
            if budget.is_spent:
                return None
            if _mends(self._gradients(edit, first), first, true) and self._is_good(edit, names, only):
                return edit
        return None

    def _candidates(self, functions: Sequence[Any], focus: Sequence[str]) -> Iterator[Edit]:
        for function in map(plain, functions):
            if isinstance(function, FunctionType):
                if function not in self._edits:
                    self._edits[function] = list(_edits_of(function))
                yield from rank(self._edits[function], focus)

    def _gradients(self, edit: Edit, trial: Trial) -> Mapping[str, Array | None]:
        """What backward gives in a trial after a change; nothing where it fails."""
        key = (edit.function, edit.changed, id(trial))
        if key not in self._given:
            self._given[key] = outcome(partial(_changed_gradients, edit, trial), LONGEST_TRY).value or {}
        return self._given[key]

    def _is_good(self, edit: Edit, names: Sequence[str], only: Sequence[Trial]) -> bool:
        def is_good() -> bool:
            with edit.applied():
                return _passes_everywhere(self.trials, names, only)

        return bool(outcome(is_good).value)


def _changed_gradients(edit: Edit, trial: Trial) -> Mapping[str, Array | None]:
    assert trial.specimen is not None
    with edit.applied():  # a changed text that does not compile gives nothing
        return trial.specimen.forward().backward(trial.dy).values


class Attempt(NamedTuple):
    """Functions that may be changed, and whether a pass then does what it should.

    is_likely: tells the changes that are tried before all others.   others: whether any others are tried.
    """

    functions: Sequence[Any]
    is_right: Callable[[], bool]
    is_likely: Callable[[Edit], bool] | None = None
    others: bool = True


def mend_pass(
    functions: Sequence[Any],
    is_right: Callable[[], bool],
    is_likely: Callable[[Edit], bool] | None = None,
    *,
    others: bool = True,
) -> Edit | None:
    """The first change of these functions with which a pass does what it should; None for none."""
    return next(_right_edits(Attempt(functions, is_right, is_likely, others)), None)


def mend_best(attempts: Sequence[Attempt], is_best: Callable[[], bool]) -> Edit | None:
    """The first change that makes one of the attempts and is best, else the first that makes one; None for none."""
    second: Edit | None = None
    for edit in chain.from_iterable(map(_right_edits, attempts)):
        if outcome(partial(_applied, edit, is_best), LONGEST_TRY).value:
            return edit
        second = second or edit
    return second


def _right_edits(attempt: Attempt) -> Iterator[Edit]:
    """The changes with which a pass does what it should, as far as the time allows."""
    budget = Budget(BUDGET)
    bare = [function for function in map(plain, attempt.functions) if isinstance(function, FunctionType)]
    candidates, is_likely = chain.from_iterable(map(_edits_of, bare)), attempt.is_likely
    for edit in candidates if is_likely is None else sorted(candidates, key=lambda edit: not is_likely(edit)):
        if budget.is_spent or not (attempt.others or is_likely is None or is_likely(edit)):
            return
        if outcome(partial(_applied, edit, attempt.is_right), LONGEST_TRY).value:
            yield edit


def _applied(edit: Edit, is_right: Callable[[], bool]) -> bool:
    with edit.applied():
        return is_right()


def _edits_of(function: FunctionType) -> Iterator[Edit]:
    with suppress(OSError, TypeError, SyntaxError, ValueError):  # its source is not to be had
        yield from edits(function)


def _mends(gradients: Mapping[str, Array | None], trial: Trial, true: Mapping[str, Array]) -> bool:
    """Whether these gradients are the true ones."""
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
        if after.without_gradient - before.without_gradient:
            return False
    return True
