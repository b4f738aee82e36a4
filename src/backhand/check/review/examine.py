"""Reviews a file: loads it, finds what it holds, reads and judges each unit."""

import inspect
import re
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from backhand.check.kinds.table import spoken_kinds
from backhand.check.reading.choice import read
from backhand.check.reading.inventory import find_units
from backhand.check.reading.modes import other_modes
from backhand.check.reading.objects import ObjectSpecimen
from backhand.check.reading.reachable import at
from backhand.check.reading.reader import Reading, Unread
from backhand.check.reading.units import Unit
from backhand.check.reading.updates import update_unit
from backhand.check.reading.words import words
from backhand.check.review.readings import kinds_for, read_units, unless_failed
from backhand.check.review.records import Finding, Note, Review, UnitReview, UnreadUnit
from backhand.check.source.definitions import plain
from backhand.check.source.guarded import outcome, watching
from backhand.check.source.interrupts import interruptible
from backhand.check.source.program import Program, load, load_module
from backhand.check.source.remarks import Place
from backhand.check.verdicts.judge import Judgement, judge
from backhand.check.verdicts.naming import functions_of
from backhand.check.verdicts.pairs import settled
from backhand.check.verdicts.sizes import read_with_whole_sizes
from backhand.check.verdicts.slips import slip_review
from backhand.check.verdicts.together import judge_together
from backhand.check.verdicts.updates import review_update
from backhand.page.numbers import listed


def review(
    path: str,
    announce: Callable[[UnitReview | UnreadUnit], None] = lambda _: None,
    wanted: Callable[[Unit], bool] = lambda _: True,
) -> Review:
    """Review a file, a folder, a notebook or a module.

    announce: is called with each unit as soon as it is done, so that none is lost if a later one ends the process.
    wanted: which units to review; the others are passed over.
    Raises BackhandError for a file that cannot be loaded, and KeyboardInterrupt at Ctrl-C, even inside its code.
    """
    with interruptible():
        return _review(path, announce, wanted)


def _review(path: str, announce: Callable[[UnitReview | UnreadUnit], None], wanted: Callable[[Unit], bool]) -> Review:
    start = time.monotonic()
    program = load(Path(path)) if Path(path).expanduser().exists() else load_module(path)
    unread: list[UnreadUnit] = []
    judgements: list[Judgement] = []
    slips: list[UnitReview] = []
    with watching():
        for judged in _judgements(program, wanted):
            if isinstance(judged, Judgement):
                judgements.append(judged)
                announce(judged.review)
            elif (slip := slip_review(judged, program)) is not None:
                slips.append(slip)
                announce(slip)
            else:
                unread.append(_unread(judged, program))
                announce(unread[-1])
        updates = list(_update_reviews(program, wanted))
    passed_over = [unit for unit in find_units(program) if not wanted(unit)]
    together, units = _joined(judgements, {kind.name for unit in passed_over for kind in spoken_kinds(unit.name)})
    return Review(
        path,
        (*units, *slips, *updates),
        tuple(unread),
        tuple(_notes(program)),
        together,
        program.precision,
        time.monotonic() - start,
    )


def _update_reviews(program: Program, wanted: Callable[[Any], bool]) -> Iterator[UnitReview]:
    """The reviews of the rules of updates."""
    for definition in [*program.functions(), *program.classes()]:
        unit = update_unit(definition.name, definition.value, definition.module)
        if unit is not None and wanted(unit) and (review := review_update(unit, program)) is not None:
            yield review


def _judgements(program: Program, wanted: Callable[[Unit], bool]) -> Iterator[Judgement | Unread]:
    """What is to be said of each unit; nothing of those that are not written yet or only looked like one."""
    for unit, reading in read_units(program, wanted):
        judged = unless_failed(unit, partial(_judged, unit, reading, program))
        if judged is not None:
            yield judged


def _judged(unit: Unit, reading: Reading | Unread, program: Program) -> Judgement | Unread | None:
    """What is to be said of a unit; None where it only looked like one."""
    if isinstance(reading, Unread):
        kinds, spoken = kinds_for(unit), spoken_kinds(unit.name)
        whole = read_with_whole_sizes(reading, program, kinds, spoken)
        if whole is None:
            may_be_none = unit.form in ("loss function", "closure") or "sequential" in words(unit.name)
            return None if may_be_none or _is_base(unit, program) or _is_begun(unit, program) else reading
        judgement = judge(whole[0], program)
        if isinstance(judgement, Unread):
            return judgement
        findings = (whole[1], *judgement.review.findings)
        return replace(judgement, review=replace(judgement.review, findings=findings))
    if _is_container(reading, unit):
        return None
    judgement = judge(reading, program)
    return judgement if isinstance(judgement, Unread) else _with_other_modes(judgement, program)


def _with_other_modes(judgement: Judgement, program: Program) -> Judgement:
    """What is to be said of a unit, and what is wrong only where an argument has another word than its default."""
    review = judgement.review
    for mode in other_modes(judgement.reading.unit):
        unit = replace(judgement.reading.unit, forced=mode)
        other = read(unit, kinds_for(unit), ())  # the name speaks of the default: no other forward pass is a mistake
        judged = judge(other, program) if isinstance(other, Reading) else other
        if isinstance(judged, Judgement):
            known = {finding.cause for finding in review.findings}
            said = " and ".join(f"{name}={word!r}" for name, word in mode.items())
            found = [finding for finding in judged.review.findings if finding.pass_name == "backward"]
            new = [finding for finding in found if finding.cause not in known]
            told = [replace(finding, headline=f"with {said}, {finding.headline}") for finding in new]
            review = replace(review, findings=(*review.findings, *told))
    return replace(judgement, review=review)


def _joined(
    judgements: Sequence[Judgement], passed_over: Collection[str]
) -> tuple[tuple[Finding, ...], tuple[UnitReview, ...]]:
    """The findings on the file as a whole, and the reviews of its units with what only the whole could tell.

    passed_over: the kinds of which the names of those units speak that nobody asked for.
    """
    together, late = judge_together(judgements)
    units = []
    for i, judgement in enumerate(judgements):
        findings = (*settled(judgement, judgements, passed_over), *late.get(i, ()))
        parts = [part for part in parts_of(judgement, judgements) if part.review.worst in ("wrong", "wrong elsewhere")]
        units.append(replace(judgement.review, findings=_without_those_of_parts(findings, judgement, parts)))
    return tuple(together), tuple(units)


def _without_those_of_parts(
    findings: tuple[Finding, ...], judgement: Judgement, parts: Sequence[Judgement]
) -> tuple[Finding, ...]:
    """The findings on a unit, with a single one in place of those that come from the units of which it is made."""
    causes = {finding.cause for part in parts for finding in part.review.findings}
    lines = [line for function in _passes_of(judgement) for line in _lines_of(function)]

    def is_of_part(finding: Finding) -> bool:
        mends_itself = finding.change is not None and finding.change.place.line in lines
        return finding.cause in causes or (bool(parts) and bool(finding.array) and not mends_itself)

    own = tuple(finding for finding in findings if not is_of_part(finding))
    dropped = [finding for finding in findings if is_of_part(finding) and finding.array]
    if any(finding.array for finding in own) or not dropped:
        return own
    names = listed([f"`{part.review.name}`" for part in parts])
    headline = f"{judgement.review.name} is wrong through {names}, of which it is made"
    explanation = "What is wrong there shows here as well: mend that first, and check again."
    told = replace(dropped[0], cause="wrong through a part", headline=headline, explanation=explanation)
    return (*own, replace(told, evidence="", formula="", change=None, picture=None))


def _passes_of(judgement: Judgement) -> tuple[Any, ...]:
    unit = judgement.reading.unit
    return (plain(unit.forward), plain(unit.backward))


def _lines_of(value: Any) -> range:
    """The lines in which a function or a class is defined; none where its source is not to be had."""
    lines, first = outcome(lambda: inspect.getsourcelines(value)).value or ([], 0)
    return range(first, first + len(lines))


def parts_of(judgement: Judgement, judgements: Sequence[Judgement]) -> list[Judgement]:
    """The other units of which a unit is made: whose passes it calls, or of whose classes it holds objects."""
    others = [other for other in judgements if other is not judgement]
    calls, specimen = judgement.reading.calls, judgement.reading.specimen
    if calls is not None and calls.backward is not None:
        called = functions_of(judgement.reading, "backward")[1:]
        pairs = [(other, other.reading.calls) for other in others]
        return [other for other, theirs in pairs if theirs is not None and plain(theirs.backward) in called]
    if not isinstance(specimen, ObjectSpecimen):
        return []
    paths = [path for parameter in specimen.parameters for path in parameter.paths[:1]]
    held = {type(at(specimen.instance, path[:stop])) for path in paths for stop in range(1, len(path))}
    return [other for other in others if other.reading.unit.forward in held]


def _is_container(reading: Reading, unit: Unit) -> bool:
    """Whether a class only passes its input on, as a sequence of layers does that was made without any."""
    names = ("identity", "flatten")
    return (
        unit.form == "class"
        and reading.kind.name in names
        and not {k.name for k in spoken_kinds(unit.name)} & set(names)
    )


def _is_begun(unit: Unit, program: Program) -> bool:
    """Whether a class has methods that are not written yet."""
    own = f"{getattr(unit.forward, '__qualname__', unit.name)}."
    return isinstance(unit.forward, type) and any(each.name.startswith(own) for each in program.unfinished)


def _is_base(unit: Unit, program: Program) -> bool:
    """Whether a class is one that others of the program are derived from."""
    return any(unit.forward in d.value.__mro__[1:] for d in program.classes() if isinstance(unit.forward, type))


def _unread(unread: Unread, program: Program) -> UnreadUnit:
    place = program.location(unread.unit.forward)
    return UnreadUnit(unread.unit.name, place, unread.reason, _lines_of_spec(unread.unit))


def _lines_of_spec(unit: Unit) -> str:
    """The three lines that would explain a unit, with gaps to fill in."""
    name = getattr(unit.forward, "__name__", unit.name)
    variable = re.sub(r"\W+", "_", unit.name).lower()
    if unit.form in ("class", "network"):
        imported, layer = name, f"lambda: {name}(...)"
    else:
        backward = getattr(unit.backward, "__name__", "backward")
        imported, layer = f"{name}, {backward}", f"({name}, {backward})"
    lines = ("from backhand.check import spec", f"from {unit.module.__name__} import {imported}")
    return "\n".join(
        [*lines, f"{variable} = spec.layer({layer}, x=(4, 3))  # forward's arguments, arrays by their shapes"]
    )


def _notes(program: Program) -> Iterator[Note]:
    for remark in program.remarks:
        yield Note(remark.kind, remark.text, Place(remark.file, remark.line, remark.cell))
    for each in program.unfinished:
        where = each.location
        yield Note("unfinished", f"`{each.name}` is not written yet.", where)
