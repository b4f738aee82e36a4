"""Forward passes that compute their kind in some configurations, and something else in others."""

from collections.abc import Sequence

from backhand.check.reading.reader import Reading
from backhand.check.reading.recognition import recognise
from backhand.check.review.records import Finding
from backhand.check.source.program import Program
from backhand.check.verdicts.intended import is_of_intended
from backhand.check.verdicts.naming import qualified_name
from backhand.check.verdicts.places import forward_place
from backhand.check.verdicts.trial import Trial

KEY = "another result"


def other_forward(reading: Reading, ran: Sequence[Trial], wrong: Sequence[Finding], program: Program) -> Finding | None:
    """That forward computes something else in configurations where the gradients are those of what it was meant to.

    ran: all trials.   wrong: the findings on gradients, of which those of these configurations alone are no mistakes.
    """
    failed = {name for finding in wrong if finding.array for name in finding.failed}
    suspects = [trial for trial in ran if trial.config.name in failed and trial.crashed is None]
    trials = [trial for trial in suspects if reading.match is not None and _computes_another(reading, trial)]
    if not trials or not all(is_of_intended(trial, name) for trial in trials for name in trial.wrong):
        return None
    names = tuple(trial.config.name for trial in trials)
    return Finding(
        "wrong" if any(trial.is_usual for trial in trials) else "wrong elsewhere",
        KEY,
        "forward",
        f"forward computes something else with {names[0]}",
        explanation="Elsewhere it computes what such a layer does, and the gradients are those of such a layer here, "
        "too: look for a size or a range that leaves this setting out.",
        page=reading.kind.page,
        function=qualified_name(reading, "forward"),
        place=forward_place(reading, program, KEY, trials, ran),
        failed=names,
        tried=len(ran),
    )


def _computes_another(reading: Reading, trial: Trial) -> bool:
    assert trial.specimen is not None
    assert trial.passage is not None
    return recognise(reading.kind, trial.specimen, trial.passage, trial.config, reading.layout) is None
