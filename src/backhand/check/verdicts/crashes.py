"""Backward passes that end with an error, with the line, and the change with which they run."""

from collections.abc import Iterator, Sequence
from functools import partial

from backhand.check.reading.reader import Reading
from backhand.check.review.records import Finding
from backhand.check.source.program import Program
from backhand.check.verdicts.naming import change_of, function_of, functions_of, place_of, qualified_name
from backhand.check.verdicts.repair import mend_pass
from backhand.check.verdicts.scope import takes_single_samples
from backhand.check.verdicts.trial import Trial, run_trial


def crash_finding(reading: Reading, crashed: Sequence[Trial], ran: Sequence[Trial], program: Program) -> Finding:
    """That backward ends with an error in some trials, or takes one sample at a time only."""
    error = crashed[0].crashed
    assert error is not None
    where, single = program.raised_at(error), takes_single_samples(ran)
    usual = any(trial.is_usual for trial in crashed)
    ends = f"ends with {type(error).__name__}: {error}"
    lines = set(_lines_of(error))
    edit = None
    if not single:
        is_mended = partial(_is_mended, crashed, ran)
        edit = mend_pass(functions_of(reading, "backward"), is_mended, lambda edit: edit.line in lines)
    return Finding(
        "harmless" if single else "wrong" if usual else "wrong elsewhere",
        "one sample at a time" if single else "backward fails",
        "backward",
        f"backward takes one sample at a time; with several it {ends}" if single else f"backward {ends}",
        evidence=f"with {crashed[0].config.name}",
        function=qualified_name(reading, "backward"),
        place=where if where else place_of(program, function_of(reading, "backward")),
        change=change_of(program, edit),
        failed=tuple(trial.config.name for trial in crashed),
        tried=len(ran),
    )


def _lines_of(error: BaseException) -> Iterator[int]:
    """The lines at which the functions of an exception's traceback stood."""
    step = error.__traceback__
    while step is not None:
        yield step.tb_lineno
        step = step.tb_next


def _is_mended(crashed: Sequence[Trial], ran: Sequence[Trial]) -> bool:
    """Whether backward now runs wherever it failed, gives the right gradients there, and spoils nothing elsewhere."""
    again = [run_trial(trial.reading, trial.config) for trial in crashed[:1]]
    if not all(trial.refused is None and trial.passed for trial in again):
        return False
    others = ((trial, run_trial(trial.reading, trial.config)) for trial in ran if trial is not crashed[0])
    return all(
        after.refused is None and after.crashed is None and not set(after.wrong) - set(before.wrong)
        for before, after in others
    )
