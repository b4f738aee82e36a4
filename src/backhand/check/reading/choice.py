"""Chooses the reading of a unit: the first that computes a known kind, else the one whose gradients fit best."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial

from backhand.check.kinds.kind import Kind
from backhand.check.kinds.network import Network
from backhand.check.reading.budget import Budget
from backhand.check.reading.reader import Reading, Unread, attempts, readings_as
from backhand.check.reading.setup import UnresolvedError
from backhand.check.reading.units import Unit
from backhand.check.source.guarded import outcome
from backhand.check.verdicts.trial import run_trial

BUDGET = 5.0  # seconds of the processor for each unit
MAX_COMPARED = 24  # the readings of a unit of no known kind whose gradients are compared


def read(unit: Unit, kinds: Sequence[Kind], spoken: Collection[Kind]) -> Reading | Unread:
    """Read a unit as one of these kinds, the likeliest of which come first.

    spoken: the kinds of which the unit's name speaks. Only of these may a forward pass be a known mistake.
    """
    search = _Search()
    budget = Budget(BUDGET)
    for kind, layout, variant, make in attempts(unit, kinds):
        if search.right is not None and kind is not search.right.kind:
            break
        is_meant = kind in spoken or isinstance(kind, Network)
        if budget.is_spent or (not is_meant and (spoken or isinstance(kinds[0], Network)) and search.is_clear):
            break
        if layout.get("axes", "two") != "two" and kind.name in search.others:
            continue
        readings, error = outcome(partial(readings_as, unit, kind, layout, variant, make))
        if readings is None:
            search.first_error = search.first_error or error
        elif readings[0].match is not None and not readings[0].match.mistake:
            best = _best(readings)
            if not any(_faults(best)):
                if search.right is not None and _hides_count(best, search.right):
                    return replace(search.right, right_for_one=True)
                return best
            search.right = search.right or best  # in another layout its gradients may be right, too
        else:
            search.add(readings, is_spoken=kind in spoken)
            search.others.add(kind.name)
    if (known := search.right or search.mistaken) is not None:
        return known
    sized = [kind for kind in kinds if kind in spoken and (kind.parameters or "labels" in kind.constants)]
    narrow = _narrow(unit, sized, search.first_error)
    return narrow or _unknown(unit, search, spoken)


def _hides_count(right: Reading, first: Reading) -> bool:
    """Whether a loss of values is right with one value for each sample only, which hides how many columns there are."""
    narrow = right.layout.get("samples") in ("vector", "one")
    return narrow and right.layout.get("labels") == "values" and first.layout.get("samples") in ("rows", "columns")


class _Search:
    """What a search for a reading has come across, short of a known kind with right gradients.

    right: the first that computes a known kind, though its gradients are wrong.   mistaken: the first that computes a
    known mistake of a kind of which the name speaks.   unknown: readings that run.   others: the names of kinds as
    which it runs and computes something else; as a column that need not show.
    """

    def __init__(self) -> None:
        self.first_error: BaseException | None = None
        self.right: Reading | None = None
        self.mistaken: Reading | None = None
        self.unknown: list[Reading] = []
        self.others: set[str] = set()

    def add(self, readings: Sequence[Reading], *, is_spoken: bool) -> None:
        """Keep readings that run but compute no kind as they should."""
        if self.mistaken is None and readings[0].match is not None and is_spoken:
            self.mistaken = _best(readings)
        self.unknown += [replace(reading, match=None) for reading in readings]

    @property
    def is_clear(self) -> bool:
        """Whether the unit is understood without a guess and without a fault, though it is no known kind."""
        clear = [reading for reading in self.unknown[:MAX_COMPARED] if not reading.guesses]
        return bool(clear) and not any(_faults(clear[0]))


def _unknown(unit: Unit, search: _Search, spoken: Collection[Kind]) -> Reading | Unread:
    """The best reading of a unit of no known kind, if its gradients leave no doubt that it was read rightly."""
    if not search.unknown:
        error = search.first_error
        known = isinstance(error, UnresolvedError)
        return Unread(unit, str(error) if known else f"{type(error).__name__}: {error}", error)
    best = _best(search.unknown[:MAX_COMPARED])
    clear = [reading for reading in search.unknown if reading.kind in spoken and not reading.guesses]
    if clear and best.guesses and any(_faults(best)):
        best = _best(clear[:MAX_COMPARED])
    if any(_faults(best)) and best.guesses:
        return Unread(unit, f"the meaning of {' and '.join(best.guesses)} is not known")
    if any(_faults(best)) and not _keeps_samples(best):
        return Unread(unit, "its result has no axis of the samples, so its arguments are something else than they seem")
    return best


def _narrow(unit: Unit, kinds: Sequence[Kind], error: BaseException | None) -> Reading | None:
    """A reading of a unit that computes a spoken kind in special sizes only, such as as many outputs as inputs."""
    for kind, layout, variant, make in attempts(unit, kinds):
        for config in kind.configs()[1:] if error is not None else ():
            readings = outcome(partial(readings_as, unit, kind, layout, variant, make, config)).value
            if readings and readings[0].match is not None and not readings[0].match.mistake:
                return replace(_best(readings), narrow=_error_in_first(readings[0]))
    return None


def _error_in_first(reading: Reading) -> BaseException | None:
    """The error with which a unit ends in the kind's first configuration."""
    return run_trial(reading, reading.kind.configs()[0]).refused


def _keeps_samples(reading: Reading) -> bool:
    """Whether the result is a number, or has an axis as long as there are samples."""
    assert reading.specimen is not None
    y = reading.specimen.forward().outputs[0]
    N = reading.kind.configs()[0].get("N")
    return y.ndim == 0 or N is None or N in y.shape


def _best(readings: Sequence[Reading]) -> Reading:
    """The first reading without a fault, else the one with the fewest."""
    if len(readings) == 1:
        return readings[0]
    faults = []
    for reading in readings:
        faults.append(_faults(reading))
        if not any(faults[-1]):
            return reading
    return readings[faults.index(min(faults))]


def _faults(reading: Reading) -> tuple[int, int]:
    """How many parameters have no gradient, and how many gradients are wrong."""
    trial = run_trial(reading, reading.kind.configs()[0])
    if trial.refused is not None or trial.crashed is not None or trial.specimen is None:
        return (99, 99)
    missing = [name for name in trial.specimen.parameter_names if trial.gradients.values.get(name) is None]
    return (len(missing), len(trial.wrong))
