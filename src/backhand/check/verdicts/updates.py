"""Judges rules of updates: which rule three steps follow, and which mistake they have."""

from functools import partial
from types import FunctionType
from typing import Any

import numpy as np

from backhand.check.kinds.updates import Course, Update
from backhand.check.reading.units import method
from backhand.check.reading.update_runs import METHODS
from backhand.check.reading.updates import UpdateUnit, course
from backhand.check.review.records import Finding, UnitReview
from backhand.check.source.definitions import plain
from backhand.check.source.program import Program
from backhand.check.verdicts.naming import change_of, filled, line_of, place_of
from backhand.check.verdicts.places import update_place
from backhand.check.verdicts.repair import mend_pass

NOT_FINITE = "steps that are not finite"


def review_update(unit: UpdateUnit, program: Program) -> UnitReview | None:
    """What is to be said of a rule of updates; None where it cannot be run."""
    run = course(unit)
    if run is None:
        return None
    rule, followed = _followed(unit, run)
    findings = (_finding(unit, rule, followed, program),) if followed is not None and followed.mistake else ()
    said = ", ".join(f"{name} {value}" for name, value in followed.convention.items()) if followed else ""
    title = rule.title if followed is not None else "A rule of its own kind"
    understood = f"{title}: {said}" if said else title
    place = place_of(program, unit.value)
    return UnitReview(unit.name, rule.title if followed else "", understood, place, 1, findings=findings)


def _followed(unit: UpdateUnit, run: tuple[Any, ...]) -> tuple[Update, Course | None]:
    """The rule and the course that the parameters follow, a right one if there is one."""
    values, w, gradients, settings = run
    known = [(rule, way) for rule in unit.rules for way in rule.recognise(values, w, gradients, settings)]
    if not known and not np.isfinite(values).all():
        return unit.rules[0], Course(values, {}, NOT_FINITE)
    return min(known, key=lambda entry: bool(entry[1].mistake), default=(unit.rules[0], None))


def _finding(unit: UpdateUnit, rule: Update, followed: Course, program: Program) -> Finding:
    words = rule.mistakes.get(followed.mistake)
    function = plain(getattr(unit.value, method(unit.value, METHODS)) if isinstance(unit.value, type) else unit.value)
    edit = mend_pass([function], partial(_is_right, unit)) if isinstance(function, FunctionType) else None
    names: dict[str, Any] = {}
    return Finding(
        "wrong",
        followed.mistake,
        "forward",
        f"the update {filled(words.says, names) if words else 'divides by 0: its steps are infinite or NaN'}",
        explanation=filled(words.why, names) if words else "",
        formula=filled(words.formula, names) if words else "",
        function=function.__qualname__,
        place=line_of(program, edit)
        if edit
        else update_place(program, followed.mistake, function, partial(course, unit)),
        change=change_of(program, edit),
        failed=("three steps",),
        tried=1,
    )


def _is_right(unit: UpdateUnit) -> bool:
    run = course(unit)
    if run is None:
        return False
    followed = _followed(unit, run)[1]
    return followed is not None and not followed.mistake
