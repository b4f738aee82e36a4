"""Results that are not finite for extreme values: an exponential that overflows, or a logarithm of 0."""

import re
from collections.abc import Iterator, Sequence

import numpy as np

from backhand.check.reading.reader import Reading
from backhand.check.reading.results import as_float
from backhand.check.review.records import Finding
from backhand.check.source.guarded import outcome, raising_arithmetic
from backhand.check.source.program import Program
from backhand.check.verdicts.naming import function_of, place_of, qualified_name
from backhand.check.verdicts.texts import LOGARITHM, OVERFLOW
from backhand.check.verdicts.trial import Trial

EXTREME = ("extreme", "zeros and ones")  # the draws that a result need not survive


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
            place=first[0] if first else place_of(program, function_of(reading, "forward")),
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
    if re.search(r"log\w*\([^/]*exp\([^/]*$|exp\([^/]*\.log\(", line):
        return True  # the logarithm of a sum of exponentials
    if trial.passage is None:
        return False
    probabilities = all(np.abs(array).max(initial=0) <= 1 for array in trial.specimen.arrays.values())
    return bool(np.isnan(trial.passage.y).any()) and not probabilities
