"""Chooses the reading of a unit: the first that computes a known kind, else the one whose gradients fit best."""

import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial

from backhand.check.kinds.kind import Kind
from backhand.check.reading.reader import Reading, Unread, attempts, readings_as
from backhand.check.reading.units import Unit
from backhand.check.source.guarded import outcome
from backhand.check.verdicts.trial import run_trial

BUDGET = 5.0  # seconds of the processor for each unit
MAX_COMPARED = 24  # the readings of a unit of no known kind whose gradients are compared


def read(unit: Unit, kinds: Sequence[Kind], spoken: Collection[Kind]) -> Reading | Unread:
    """Read a unit as one of these kinds, the likeliest of which come first.

    spoken: the kinds of which the unit's name speaks. Only of these may a forward pass be a known mistake.
    """
    unknown: list[Reading] = []
    mistaken: Reading | None = None
    first: BaseException | None = None
    end = time.process_time() + BUDGET
    for kind, layout, variant, make in attempts(unit, kinds):
        if time.process_time() > end or (kind not in spoken and spoken and _is_clear(unknown)):
            break
        readings, error = outcome(partial(readings_as, unit, kind, layout, variant, make))
        if readings is None:
            first = first or error
            continue
        if readings[0].match is not None and not readings[0].match.mistake:
            return _best(readings)
        if mistaken is None and readings[0].match is not None and kind in spoken:
            mistaken = _best(readings)
        unknown += [replace(reading, match=None) for reading in readings]
    if mistaken is not None:
        return mistaken
    if not unknown:
        return Unread(unit, f"{type(first).__name__}: {first}", first)
    best = _best(unknown[:MAX_COMPARED])
    if any(_faults(best)) and best.guesses:
        return Unread(unit, f"the meaning of {' and '.join(best.guesses)} is not known")
    if any(_faults(best)) and not _keeps_samples(best):
        return Unread(unit, "its result has no axis of the samples, so its arguments are something else than they seem")
    return best


def _keeps_samples(reading: Reading) -> bool:
    """Whether the result is a number, or has an axis as long as there are samples."""
    assert reading.specimen is not None
    y = reading.specimen.forward().outputs[0]
    N = reading.kind.configs()[0].get("N")
    return y.ndim == 0 or N is None or N in y.shape


def _is_clear(unknown: Sequence[Reading]) -> bool:
    """Whether the unit is understood without a guess and without a fault, though it is no known kind."""
    clear = [reading for reading in unknown[:MAX_COMPARED] if not reading.guesses]
    return bool(clear) and not any(_faults(clear[0]))


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
    parameters = [name for name, role in trial.specimen.roles.items() if role not in ("x", "scores")]
    missing = [name for name in parameters if trial.gradients.values.get(name) is None]
    return (len(missing), len(trial.wrong))
