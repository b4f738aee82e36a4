"""Units that work in special sizes only, such as a layer that needs as many outputs as inputs."""

from collections.abc import Iterator, Sequence
from functools import partial

from backhand.check.kinds.kind import Config
from backhand.check.reading.reader import SETTINGS, Reading
from backhand.check.reading.recognition import recognise
from backhand.check.reading.setup import UnresolvedError
from backhand.check.review.records import Finding
from backhand.check.source.edits import Edit
from backhand.check.source.program import Program
from backhand.check.verdicts.naming import (
    change_of,
    constructor_of,
    functions_of,
    line_of,
    place_of,
    qualified_name,
)
from backhand.check.verdicts.operators import told
from backhand.check.verdicts.repair import mend_pass
from backhand.check.verdicts.trial import Trial, run_trial

NEEDED = 4  # the configurations, from the first, in which the change must work


def narrow_finding(reading: Reading, ran: Sequence[Trial], program: Program) -> Finding | None:
    """That a unit is recognised in a later configuration only, with the change that makes it work in the first.

    Not of a unit for a single sample at a time: that is no mistake, and `refused` tells what it does not take.
    """
    error = reading.narrow
    is_single = ran and all(trial.config.get("N") == 1 for trial in ran)
    if error is None or isinstance(error, UnresolvedError) or is_single:
        return None
    constructor = next(iter(constructor_of(reading)), None)
    functions = [*([constructor] if constructor is not None else []), *functions_of(reading, "forward")]
    edit = mend_pass(functions, partial(_is_wide, reading))
    first = reading.kind.configs()[0].name
    in_constructor = edit is not None and edit.function is constructor
    return Finding(
        "wrong elsewhere" if _is_for_two_classes(ran) else "wrong",
        "shape in the constructor" if in_constructor else "works for special sizes only",
        "forward",
        f"forward fails with {first} ({type(error).__name__}: {error})",
        explanation=_of_settings(reading, ran)
        or "It works only where sizes happen to be equal: a shape is written with the wrong size"
        f"{' in the constructor' if constructor is not None else ''}, or an array is transposed.",
        page=reading.kind.page,
        function=f"{reading.unit.name}.__init__" if in_constructor else qualified_name(reading, "forward"),
        place=line_of(program, edit) if edit else place_of(program, functions[0]),
        change=change_of(program, edit),
        failed=(first,),
    )


def _of_settings(reading: Reading, ran: Sequence[Trial]) -> str:
    """That it runs only with other values of a setting, or with another number of classes; "" if it is neither."""
    first = reading.kind.configs()[0]
    for name in (*SETTINGS, "classes") if ran else ():
        values = {trial.config.get(name) for trial in ran}
        if name in first.facts and first[name] not in values:
            only = f"only with {name} {values.pop()}" if len(values) == 1 else f"with no {name} of {first[name]}"
            return f"It runs {only}."
    return ""


def _is_for_two_classes(ran: Sequence[Trial]) -> bool:
    """Whether it runs with two classes only, as it may be meant to."""
    return bool(ran) and all(trial.config.get("classes") == 2 for trial in ran)


def _is_wide(reading: Reading) -> bool:
    """Whether the unit now works in the first configuration, and everywhere else as it should."""
    trials = (run_trial(reading, config) for config in reading.kind.configs()[:NEEDED])
    return all(_is_recognised(trial) and trial.passed for trial in trials)


def refusal_findings(reading: Reading, trials: Sequence[Trial], program: Program) -> Iterator[Finding]:
    """That images or windows of another width than height are refused, though with a change they would be taken.

    Without such a change nothing is told: some courses mean squares only.
    """
    ran = [trial for trial in trials if trial.refused is None]
    refused = [t for t in trials if isinstance(t.refused, ValueError | IndexError) and _is_oblong(t.config)]
    functions = [*functions_of(reading, "forward"), *constructor_of(reading)]
    for trial in refused if ran else ():
        edit = mend_pass(functions, partial(_takes, trial, ran), _is_of_a_size, others=False)
        if edit is None:
            continue
        cause = told(edit)
        yield Finding(
            "wrong elsewhere",
            cause if cause == "height and width swapped" else "squares only",
            "forward",
            f"forward fails with {trial.config.name} ({type(trial.refused).__name__}: {trial.refused})",
            explanation="In one place it takes the height for the width, or the width for the height.",
            page=reading.kind.page,
            function=qualified_name(reading, "forward"),
            place=line_of(program, edit),
            change=change_of(program, edit),
            failed=(trial.config.name,),
            tried=len(trials),
        )
        return


def _is_oblong(config: Config) -> bool:
    return any(config.get(height) != config.get(width) for height, width in (("H", "W"), ("kh", "kw")))


def _is_of_a_size(edit: Edit) -> bool:
    """Whether a change may give a right size: not one of a sign, since `reshape` takes any negative size."""
    return edit.operator != "sign"


def _takes(refused: Trial, ran: Sequence[Trial]) -> bool:
    """Whether the unit now takes what it refused, and does nothing else wrong that it did right."""
    again = run_trial(refused.reading, refused.config)
    if again.crashed is not None or not _is_recognised(again) or not again.passed:
        return False
    after = ((before, run_trial(before.reading, before.config)) for before in ran)
    return all(_is_recognised(trial) and set(trial.wrong) <= set(before.wrong) for before, trial in after)


def _is_recognised(trial: Trial) -> bool:
    """Whether forward runs and computes what its kind does, if it is of a known kind at all."""
    reading, specimen, passage = trial.reading, trial.specimen, trial.passage
    if trial.refused is not None or specimen is None or passage is None:
        return False
    match = recognise(reading.kind, specimen, passage, trial.config, reading.layout)
    return reading.match is None or (match is not None and not match.mistake)
