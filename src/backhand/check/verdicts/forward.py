"""What is wrong with a forward pass: mistakes that its kind knows, and results that are not finite."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from backhand.check.kinds.kind import Match
from backhand.check.reading.reader import Reading
from backhand.check.reading.recognition import recognise
from backhand.check.review.records import Finding, Severity
from backhand.check.source.program import Program
from backhand.check.verdicts.naming import filled, function_of, names_in, place_of, qualified_name
from backhand.check.verdicts.texts import LOGARITHM, OVERFLOW
from backhand.check.verdicts.trial import Trial

EXTREME = ("extreme", "zeros and ones")  # the draws that a result need not survive


def forward_findings(reading: Reading, ran: Sequence[Trial], program: Program) -> Iterator[Finding]:
    """The mistakes of the forward pass that the kind knows, with the configurations in which they show."""
    if reading.match is None:
        return
    shows: dict[str, list[Trial]] = {}
    found: list[tuple[Any, Match]] = []
    for trial in ran:
        assert trial.specimen is not None
        assert trial.passage is not None
        match = recognise(reading.kind, trial.specimen, trial.passage, trial.config, reading.layout)
        if match is not None:
            found.append((trial.config, match))
            if match.mistake:
                shows.setdefault(match.mistake, []).append(trial)
    for mistake in reading.kind.joint_mistakes(found):
        shows.setdefault(mistake, list(ran))
    for mistake, trials in shows.items():
        words = reading.kind.mistakes.get(mistake)
        severity: Severity = "wrong" if any(trial.config.usual for trial in trials) else "wrong elsewhere"
        names = names_in(reading, trials[0], "")
        yield Finding(
            severity,
            mistake,
            "forward",
            f"forward {filled(words.says, names)}" if words else f"forward: {mistake}",
            explanation=filled(words.why, names) if words else "",
            formula=filled(words.formula, names) if words else "",
            page=reading.kind.page,
            function=qualified_name(reading, "forward"),
            place=place_of(program, function_of(reading, "forward")),
            failed=tuple(trial.config.name for trial in trials),
            tried=len(ran),
        )


def overflow_findings(reading: Reading, trials: Sequence[Trial], program: Program) -> Iterator[Finding]:
    """Warnings of results that are not finite for extreme values."""
    for trial in trials:
        if trial.config.draw not in EXTREME or not isinstance(trial.refused, FloatingPointError):
            continue
        words = OVERFLOW if _overflows(trial) else LOGARITHM
        yield Finding(
            "warning",
            words.headline,
            "forward",
            f"forward gives infinity or NaN for {trial.config.name}: {words.headline}",
            explanation=words.why,
            page=reading.kind.page,
            function=qualified_name(reading, "forward"),
            place=place_of(program, function_of(reading, "forward")),
            failed=(trial.config.name,),
            tried=len(trials),
        )


def _overflows(trial: Trial) -> bool:
    """Whether an exponential overflows; for probabilities it is a logarithm of 0, and infinity comes from one, too."""
    if trial.passage is None or trial.specimen is None:
        return False
    probabilities = all(np.abs(array).max(initial=0) <= 1 for array in trial.specimen.arrays.values())
    return bool(np.isnan(trial.passage.y).any()) and not probabilities
