"""What is wrong with the gradients of a backward pass, with the line and, where it is small, the change."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from backhand.check.reading.reader import Reading
from backhand.check.reading.words import words
from backhand.check.review.records import Finding
from backhand.check.source.program import Program
from backhand.check.verdicts.causes import VAGUE, case_of, find_causes, of_the_same_cause
from backhand.check.verdicts.crashes import crash_finding
from backhand.check.verdicts.naming import (
    filled,
    function_of,
    functions_of,
    gradient_expression,
    names_in,
    qualified_name,
)
from backhand.check.verdicts.places import gradient_place
from backhand.check.verdicts.repair import Mender
from backhand.check.verdicts.trial import Trial
from backhand.check.verdicts.wrong_gradient import Repair, gradient_finding
from backhand.page.numbers import listed

NEVER_MENDED = ("mean over the wrong count",)  # since the right count may be 1 or that of the samples
LONGEST_KEY = 16  # characters; a longer text is a docstring, and no key of a dictionary
MODES = {"train", "training", "test", "testing", "eval", "inference", "mode", "stochastic"}


def backward_findings(
    reading: Reading, ran: Sequence[Trial], program: Program, *, mended: bool = True
) -> list[Finding]:
    """A finding for each mistake of each wrong gradient, and one where backward fails.

    mended: whether changes are looked for; not where forward is wrong, to which backward would only be adapted.
    """
    ran = [trial for trial in ran if trial.config.get("train", True) or _minds_the_mode(reading)]
    names = list(dict.fromkeys(name for trial in ran for name in trial.wrong))
    functions = functions_of(reading, "backward")
    surrogates = [name for name in names if _is_surrogate(ran, name)]
    findings = [_surrogate_finding(reading, ran, name, program) for name in surrogates]
    names = [name for name in names if name not in surrogates]
    expressions = {name: gradient_expression(reading, name) for name in names}
    mender = Mender(ran if mended else ())
    both = mender.mend(names, functions, list(expressions.values())) if len(names) > 1 else None
    causes_of = {name: find_causes(ran, name) for name in names}
    if both is not None and all(cause.key in VAGUE for causes in causes_of.values() for cause in causes):
        finding = gradient_finding(reading, ran, names[:1], causes_of[names[0]][0], Repair(both, True), program)
        return [*findings, replace(finding, explanation=_of_the_same_reason(names[1:]))]
    is_mended = False  # by a change with which every configuration passes
    for name, causes in causes_of.items():
        edit = both or mender.mend([name], functions, [expressions[name]])
        is_mended |= edit is not None
        for cause in causes:
            own = edit
            if edit is None and len(causes) > 1 and mended:
                own = mender.mend([name], functions, [expressions[name]], only=cause.trials)
            is_common = cause.key in VAGUE or reading.kind.name == "network" or reading.unit.form == "network"
            together = [name, *(of_the_same_cause(causes_of, name, cause) if is_common else ())]
            is_partial = both is None and is_common and len(together) > 1  # one change would leave the others wrong
            repair = Repair(None, False) if is_partial or cause.key in NEVER_MENDED else Repair(own, edit is not None)
            findings.append(gradient_finding(reading, ran, together, cause, repair, program))
    crashed = [trial for trial in ran if trial.crashed is not None and not is_mended]
    return [*([crash_finding(reading, crashed, ran, program)] if crashed else []), *findings]


def _is_surrogate(ran: Sequence[Trial], name: str) -> bool:
    """Whether forward is a step function of its input, so that any gradient but 0 is one of another function."""
    failed = [trial for trial in ran if name in trial.wrong and trial.gradients.values[name] is not None]
    return (
        bool(failed)
        and all(
            trial.specimen is not None
            and trial.passage is not None
            and trial.specimen.roles[name] == "x"
            and not trial.evidence(name).true[trial.evidence(name).known].any()
            for trial in failed
        )
        and any(trial.passage is not None and len(np.unique(trial.passage.y)) > 1 for trial in failed)
    )


def _surrogate_finding(reading: Reading, ran: Sequence[Trial], name: str, program: Program) -> Finding:
    return Finding(
        "harmless",
        "surrogate gradient",
        "backward",
        f"forward is a step function of {name}, whose gradient is 0; backward gives that of another function",
        explanation="This is how signs, roundings and spikes are trained; no difference can confirm such a gradient.",
        page=reading.kind.page,
        function=qualified_name(reading, "backward"),
        array=name,
        place=gradient_place(reading, program, "", name, [trial for trial in ran if name in trial.wrong], ran),
        failed=tuple(trial.config.name for trial in ran if name in trial.wrong),
        tried=len(ran),
    )


def _of_the_same_reason(names: Sequence[str]) -> str:
    subject = f"The gradient of {names[0]} is" if len(names) == 1 else f"The gradients of {listed(names)} are"
    return f"{subject} wrong for the same reason."


def kink_findings(reading: Reading, ran: Sequence[Trial], program: Program) -> Iterator[Finding]:
    """The mistakes that show only where differences measure nothing, such as at ties of a maximum."""
    shows: dict[str, list[Trial]] = {}
    for trial in ran if reading.match is not None else ():
        if (case := case_of(trial, {})) is not None and trial.crashed is None:
            for mistake in reading.kind.kink_mistakes(case):
                shows.setdefault(mistake, []).append(trial)
    if not shows:
        return
    for mistake, trials in shows.items():
        words, names = reading.kind.mistakes[mistake], names_in(reading, trials[0], _input_name(reading))
        yield Finding(
            "wrong" if any(trial.is_usual for trial in trials) else "wrong elsewhere",
            mistake,
            "backward",
            f"{names['g']} {filled(words.says, names)}",
            "",
            filled(words.why, names),
            filled(words.formula, names),
            reading.kind.page,
            qualified_name(reading, "backward"),
            _input_name(reading),
            gradient_place(reading, program, mistake, _input_name(reading), trials, ran),
            failed=tuple(trial.config.name for trial in trials),
            tried=len(ran),
        )


def _minds_the_mode(reading: Reading) -> bool:
    """Whether backward is meant for test mode, too: that of a dropout function always, any other if it asks for it."""
    if reading.methods is None and reading.kind.name == "dropout":
        return True
    code = function_of(reading, "backward").__code__
    texts = [text for text in code.co_consts if isinstance(text, str) and len(text) < LONGEST_KEY]
    return any(set(words(name)) & MODES for name in (*code.co_names, *code.co_varnames, *texts))


def _input_name(reading: Reading) -> str:
    """The person's name of the input."""
    roles = reading.specimen.roles if reading.specimen is not None else {}
    return next((name for name, role in roles.items() if role == "x"), "")
