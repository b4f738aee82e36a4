"""What is wrong with a forward pass: mistakes that its kind knows, and results that are not finite."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from backhand.arrays import Array
from backhand.check.kinds.kind import Config, Match, State
from backhand.check.reading.reader import Reading
from backhand.check.reading.recognition import recognise
from backhand.check.reading.results import as_float
from backhand.check.review.records import Finding, Place, Severity
from backhand.check.source.guarded import outcome, raising_arithmetic
from backhand.check.source.program import Program
from backhand.check.verdicts.naming import (
    change_of,
    constructor_of,
    filled,
    function_of,
    functions_of,
    line_of,
    names_in,
    place_of,
    qualified_name,
)
from backhand.check.verdicts.repair import mend_pass
from backhand.check.verdicts.texts import LOGARITHM, OVERFLOW
from backhand.check.verdicts.trial import Trial

UNKNOWN_STATE = "unknown state"  # what is kept is nothing that is known; told of nobody, but no change may lead there
CHOICES = ("p", "samples", "channels", "kernel")  # what a change may not turn into its opposite
EXTREME = ("extreme", "zeros and ones")  # the draws that a result need not survive


def forward_findings(reading: Reading, ran: Sequence[Trial], program: Program) -> Iterator[Finding]:
    """The mistakes of the forward pass that the kind knows, with the configurations in which they show."""
    if reading.match is None:
        return
    shows = forward_mistakes(reading, ran)
    for mistake, trials in shows.items():
        words = reading.kind.mistakes.get(mistake)
        severity: Severity = "wrong" if any(trial.is_usual for trial in trials) else "wrong elsewhere"
        names = names_in(reading, trials[0], "")
        function = function_of(reading, "forward")
        is_mended = partial(_is_mended, reading, ran, shows, mistake)
        edit = mend_pass(functions_of(reading, "forward"), is_mended)
        if edit is None and (constructors := constructor_of(reading)):
            edit = mend_pass(constructors, partial(is_mended, anew=True))
        yield Finding(
            severity,
            mistake,
            "forward",
            f"forward {filled(words.says, names)}" if words else f"forward: {mistake}",
            explanation=filled(words.why, names) if words else "",
            formula=filled(words.formula, names) if words else "",
            page=reading.kind.page,
            function=qualified_name(reading, "forward"),
            place=line_of(program, function, [], edit) if edit else place_of(program, function),
            change=change_of(program, edit),
            failed=tuple(trial.config.name for trial in trials),
            tried=len(ran),
        )


def forward_mistakes(reading: Reading, ran: Sequence[Trial]) -> dict[str, list[Trial]]:
    """The known mistakes of a forward pass, each with the trials in which it shows."""
    shows: dict[str, list[Trial]] = {}
    found: list[tuple[Config, Match]] = []
    for trial in ran:
        match, mistakes = _recognised(reading, trial)
        if match is not None:
            found.append((trial.config, match))
        for mistake in mistakes:
            if mistake != UNKNOWN_STATE:
                shows.setdefault(mistake, []).append(trial)
    for mistake in reading.kind.joint_mistakes(found):
        shows.setdefault(mistake, list(ran))
    return shows


def _recognised(reading: Reading, trial: Trial) -> tuple[Match | None, list[str]]:
    """What a forward pass computes in a trial, and its mistakes there: in the result and in what it keeps."""
    specimen, passage = trial.specimen, trial.passage
    assert specimen is not None
    assert passage is not None
    match = recognise(reading.kind, specimen, passage, trial.config, reading.layout)
    mistakes = [match.mistake] if match is not None and match.mistake else []
    if passage.written:
        arrays = specimen.by_role
        mistakes += _state_mistakes(reading, passage.written, arrays, trial.config)
    return match, mistakes


def _state_mistakes(
    reading: Reading, written: Mapping[str, Array], arrays: Mapping[str, Array], config: Config
) -> list[str]:
    """The mistakes in what a forward pass keeps; its arrays must agree in how they are averaged."""

    def state_of(some: Mapping[str, Array]) -> State | None:
        return next(reading.kind.recognise_state(some, arrays, config, reading.layout), None)

    state = state_of(written)
    if state is not None:
        return [state.mistake] if state.mistake else []
    apart = {role: state_of({role: array}) for role, array in written.items()}
    if len(apart) > 1 and all(apart.values()):
        named = [state.mistake for state in apart.values() if state is not None and state.mistake]
        return named or ["momentum swapped"]
    return [UNKNOWN_STATE]


def _agree(match: Match, known: Match | None) -> bool:
    """Whether two ways of a forward pass make the same choices, such as p as the share kept."""
    other = known.convention if known is not None else {}
    return all(other[name] == match.convention[name] for name in CHOICES if name in other and name in match.convention)


def _is_mended(
    reading: Reading, ran: Sequence[Trial], before: Mapping[str, Sequence[Trial]], mistake: str, *, anew: bool = False
) -> bool:
    """Whether the forward pass, as it is now, is recognised everywhere, and without this mistake or a new one.

    anew: whether objects are made again, as they must be where their constructor was changed.
    """
    now: list[Trial] = []
    rest = set(before) - {mistake}
    for trial in sorted(ran, key=lambda trial: all(trial is not other for other in before[mistake])):
        specimen = reading.specimen_for(trial.config) if anew else trial.specimen
        assert specimen is not None
        again = replace(trial, specimen=specimen, passage=specimen.forward())
        match, mistakes = _recognised(reading, again)
        if match is None or set(mistakes) - rest or not _agree(match, reading.match):
            return False
        now.append(again)
    return not set(forward_mistakes(reading, now)) - rest


def overflow_findings(reading: Reading, trials: Sequence[Trial], program: Program) -> Iterator[Finding]:
    """Warnings of results that are not finite for extreme values."""
    for trial in trials:
        if trial.config.draw not in EXTREME or not isinstance(trial.refused, FloatingPointError):
            continue
        assert trial.specimen is not None
        first = program.first_bad_line(trial.specimen.forward, _is_not_finite)
        words = OVERFLOW if _overflows(trial, first[1] if first else "") else LOGARITHM
        yield Finding(
            "warning",
            words.headline,
            "forward",
            f"forward gives infinity or NaN for {trial.config.name}: {words.headline}",
            explanation=words.why,
            page=reading.kind.page,
            function=qualified_name(reading, "forward"),
            place=Place(first[0].file, first[0].line, first[0].cell)
            if first
            else place_of(program, function_of(reading, "forward")),
            failed=(trial.config.name,),
            tried=len(trials),
        )


def _is_not_finite(value: object) -> bool:
    """Whether a value is an array or a NumPy number that holds infinity or NaN."""
    if isinstance(value, float) and not isinstance(value, np.floating):
        return False  # a person's own `best = -float("inf")`
    array = as_float(value)
    return array is not None and not np.isfinite(array).all()


def _overflows(trial: Trial, line: str) -> bool:
    """Whether an exponential overflows, rather than that a logarithm takes 0: by the line, else by the values."""
    has_exponential, has_logarithm = "exp" in line, "log" in line.replace("logit", "")
    if has_exponential != has_logarithm:
        return has_exponential
    assert trial.specimen is not None
    with raising_arithmetic():
        error = str(outcome(trial.specimen.forward).error)
    if "encountered in" in error:
        return "log" not in error
    if re.search(r"log\w*\([^/]*exp\([^/]*$", line):
        return True  # the logarithm of a sum of exponentials
    if trial.passage is None:
        return False
    probabilities = all(np.abs(array).max(initial=0) <= 1 for array in trial.specimen.arrays.values())
    return bool(np.isnan(trial.passage.y).any()) and not probabilities
