"""Units that work in special sizes only, such as a layer that needs as many outputs as inputs."""

from collections.abc import Sequence
from functools import partial

from backhand.check.reading.reader import Reading
from backhand.check.review.records import Finding
from backhand.check.source.definitions import plain
from backhand.check.source.program import Program
from backhand.check.verdicts.naming import change_of, functions_of, line_of, place_of, qualified_name
from backhand.check.verdicts.repair import mend_pass
from backhand.check.verdicts.trial import Trial, run_trial

NEEDED = 4  # the configurations, from the first, in which the change must work


def narrow_finding(reading: Reading, ran: Sequence[Trial], program: Program) -> Finding | None:
    """That a unit is recognised in a later configuration only, with the change that makes it work in the first.

    Not of a unit for a single sample at a time: that is no mistake, and `refused` tells what it does not take.
    """
    error = reading.narrow
    if error is None or (ran and all(trial.config.get("N") == 1 for trial in ran)):
        return None
    constructor = plain(getattr(reading.unit.forward, "__init__", None)) if reading.unit.form == "class" else None
    functions = [*([constructor] if constructor is not None else []), *functions_of(reading, "forward")]
    edit = mend_pass(functions, partial(_is_wide, reading))
    first = reading.kind.configs()[0].name
    in_constructor = edit is not None and edit.function is constructor
    return Finding(
        "wrong",
        "shape in the constructor" if in_constructor else "works for special sizes only",
        "forward",
        f"forward fails with {first} ({type(error).__name__}: {error})",
        explanation="It works only where sizes happen to be equal: a shape is written with the wrong size"
        f"{' in the constructor' if constructor is not None else ''}, or an array is transposed.",
        page=reading.kind.page,
        function=f"{reading.unit.name}.__init__" if in_constructor else qualified_name(reading, "forward"),
        place=line_of(program, functions[0], [], edit) if edit else place_of(program, functions[0]),
        change=change_of(program, edit),
        failed=(first,),
    )


def _is_wide(reading: Reading) -> bool:
    """Whether the unit now works in the first configuration, and everywhere else as it should."""
    trials = (run_trial(reading, config) for config in reading.kind.configs()[:NEEDED])
    return all(trial.refused is None and trial.passed for trial in trials)
