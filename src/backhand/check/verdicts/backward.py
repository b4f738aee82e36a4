"""What is wrong with the gradients of a backward pass, with the line and, where it is small, the change."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from backhand.check.reading.reader import Reading
from backhand.check.reading.words import words
from backhand.check.review.records import Finding, Picture, Place
from backhand.check.source.edits import Edit
from backhand.check.source.program import Program
from backhand.check.verdicts.causes import Cause, case_of, find_causes
from backhand.check.verdicts.crashes import crash_finding
from backhand.check.verdicts.naming import (
    change_of,
    filled,
    function_of,
    functions_of,
    gradient_expression,
    line_of,
    names_in,
    qualified_name,
)
from backhand.check.verdicts.operators import says, told
from backhand.check.verdicts.places import gradient_place
from backhand.check.verdicts.repair import Mender
from backhand.check.verdicts.signs_of_causes import SIGNS
from backhand.check.verdicts.texts import words_for
from backhand.check.verdicts.trial import Trial
from backhand.page.numbers import listed

# Causes of which the numbers say everything, so that no other words are put before them.
SELF_EXPLAINING = {"wrong in one place", "is zero", "is empty", "times a constant"}
VAGUE = {
    "",
    "times a constant",
    "times constants along an axis",
    "wrong in one place",
}  # causes that say less than a change that mends
LONGEST_KEY = 16  # characters; a longer text is a docstring, and no key of a dictionary
MODES = {"train", "training", "test", "testing", "eval", "inference", "mode", "stochastic"}


class Repair(NamedTuple):
    """A change that mends a gradient, if there is one, and whether it does so in every configuration."""

    edit: Edit | None
    passes_everywhere: bool


MAX_PICTURE = 400  # the most entries of a picture


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
        finding = _gradient_finding(reading, ran, names[0], causes_of[names[0]][0], Repair(both, True), program)
        return [*findings, replace(finding, explanation=_of_the_same_reason(names[1:]))]
    is_mended = False  # by a change with which every configuration passes
    for name, causes in causes_of.items():
        edit = both or mender.mend([name], functions, [expressions[name]])
        is_mended |= edit is not None
        for cause in causes:
            own = edit
            if edit is None and len(causes) > 1 and mended:
                own = mender.mend([name], functions, [expressions[name]], only=cause.trials)
            findings.append(_gradient_finding(reading, ran, name, cause, Repair(own, edit is not None), program))
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


def _gradient_finding(
    reading: Reading, ran: Sequence[Trial], name: str, cause: Cause, repair: Repair, program: Program
) -> Finding:
    usual = [trial for trial in cause.trials if trial.is_usual]
    worst = (usual or cause.trials)[0]
    names = names_in(reading, worst, name)
    headline, explanation, formula = _texts(reading, worst, name, cause, names)
    edit = repair.edit
    if cause.key in VAGUE and edit is not None:
        headline = filled(says(edit), names)
        explanation = f"It {cause.text}." if cause.key == "times a constant" else ""
    if not any(trial.config.get("train", True) for trial in cause.trials):
        headline = f"in test mode, {headline}"
    return Finding(
        "wrong" if usual else "wrong elsewhere",
        told(edit) if edit is not None and cause.key in VAGUE else cause.key,
        "backward",
        headline,
        _evidence(worst, name),
        explanation,
        formula,
        reading.kind.page,
        qualified_name(reading, "backward"),
        name,
        _place(reading, ran, name, cause, edit, program),
        change_of(program, edit, verified=repair.passes_everywhere),
        _picture(worst, name) if not cause.key and edit is None else None,
        tuple(trial.config.name for trial in cause.trials),
        len(ran),
    )


def _place(
    reading: Reading, ran: Sequence[Trial], name: str, cause: Cause, edit: Edit | None, program: Program
) -> Place | None:
    """The line of a change; that of the cause where there is none, or where it only mends what is handed on."""
    if edit is None or (cause.key in SIGNS["backward"] and re.fullmatch(r"return [\w., ]+", edit.before.strip())):
        return gradient_place(reading, program, cause.key, name, cause.trials, ran)
    return line_of(program, edit)


def _texts(reading: Reading, trial: Trial, name: str, cause: Cause, names: Mapping[str, Any]) -> tuple[str, str, str]:
    """Headline, explanation and formula of a wrong gradient."""
    gradient = names["g"]
    if not cause.key:
        return f"{gradient} is wrong", "None of the mistakes that Backhand knows explains it.", ""
    role = trial.specimen.roles[name] if trial.specimen else ""
    if cause.key == "averaged over the batch":  # whose words depend on what is averaged
        general, N = words_for("divided by the batch size", role), trial.config.get("N")
        text = f"it is the true gradient divided by {N}, the batch size"
        formula = filled(reading.kind.mistakes[cause.key].formula, names)
        return f"{filled(general.headline, names)} ({text})", filled(general.why, names), formula
    if cause.of_kind and cause.key in reading.kind.mistakes:
        words = reading.kind.mistakes[cause.key]
        return f"{gradient} {filled(words.says, names)}", filled(words.why, names), filled(words.formula, names)
    if cause.of_kind:
        return f"{gradient}: {cause.key}", "", ""
    general = words_for(cause.key, role)
    if cause.key in SELF_EXPLAINING:
        return f"{gradient} {cause.text}", filled(general.why, names), ""
    text = f"it {cause.text}"
    return f"{filled(general.headline, names)} ({text})", filled(general.why, names), ""


def _evidence(trial: Trial, name: str) -> str:
    gradient = trial.gradients.values[name]
    assert gradient is not None
    assert trial.specimen is not None
    if gradient.size != trial.specimen.arrays[name].size:
        return f"its shape is {gradient.shape}, that of {name} is {trial.specimen.arrays[name].shape}"
    evidence = trial.evidence(name)
    true, given = evidence.true, gradient.reshape(evidence.true.shape)
    if not np.isfinite(true).any():
        return ""
    error = np.where(np.isfinite(true), np.abs(given - true), 0)
    index = tuple(int(i) for i in np.unravel_index(int(error.argmax()), true.shape))
    where = f"[{', '.join(map(str, index))}]" if index else ""
    numbers = f"backward gives {given[index]:.6g}, differences give {true[index]:.6g}"
    return f"with {trial.config.name}, {name}{where}: {numbers}"


def _picture(trial: Trial, name: str) -> Picture | None:
    gradient = trial.gradients.values[name]
    evidence = trial.evidence(name) if gradient is not None else None
    if gradient is None or evidence is None or gradient.shape != evidence.true.shape or gradient.size > MAX_PICTURE:
        return None
    return Picture(name, gradient.shape, gradient.ravel().tolist(), evidence.true.ravel().tolist(), trial.config.name)
