"""What is told of a wrong gradient: its cause in words, the evidence, the line and the change."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from backhand.check.reading.reader import Reading
from backhand.check.review.records import Finding, Picture
from backhand.check.source.edits import Edit
from backhand.check.source.program import Program
from backhand.check.source.remarks import Place
from backhand.check.verdicts.causes import VAGUE, Cause
from backhand.check.verdicts.naming import change_of, filled, functions_of, line_of, names_in, qualified_name
from backhand.check.verdicts.operators import says, told
from backhand.check.verdicts.places import gradient_place
from backhand.check.verdicts.reused_names import reused_name
from backhand.check.verdicts.signs_of_causes import SIGNS
from backhand.check.verdicts.texts import words_for
from backhand.check.verdicts.trial import Trial

# Causes of which the numbers say everything, so that no other words are put before them.
SELF_EXPLAINING = {"wrong in one place", "is zero", "is empty", "times a constant"}
MAX_PICTURE = 400  # the most entries of a picture


class Repair(NamedTuple):
    """A change that mends a gradient, if there is one, and whether it does so in every configuration."""

    edit: Edit | None
    passes_everywhere: bool


def gradient_finding(
    reading: Reading, ran: Sequence[Trial], together: Sequence[str], cause: Cause, repair: Repair, program: Program
) -> Finding:
    """The finding on the first of the gradients that are wrong together, for one cause. ran: all trials."""
    name = together[0]
    usual = [trial for trial in cause.trials if trial.is_usual]
    worst = (usual or cause.trials)[0]
    names = names_in(reading, worst, name)
    headline, explanation, formula = _texts(reading, worst, name, cause, names)
    edit = repair.edit
    if cause.key in VAGUE and edit is not None:
        headline = filled(says(edit), names)
        explanation = f"It {cause.text}." if cause.key == "times a constant" else ""
    place = _place(reading, ran, together, cause, edit, program)
    key = told(edit) if edit is not None and cause.key in VAGUE else cause.key
    reused = reused_name(functions_of(reading, "backward"), program) if edit is None and key in VAGUE else None
    if reused is not None:
        key, place = "loop variable used again", reused.place
        explanation = (
            f"The loops over `{reused.name}` lie in each other: the inner one changes it for the outer one, too."
        )
    if not any(trial.config.get("train", True) for trial in cause.trials):
        headline = f"in test mode, {headline}"
    return Finding(
        "warning" if cause.key == "clipped" else "wrong" if usual else "wrong elsewhere",
        key,
        "backward",
        headline,
        _evidence(worst, name),
        explanation,
        formula,
        reading.kind.page,
        qualified_name(reading, "backward"),
        name,
        place,
        change_of(program, edit, verified=repair.passes_everywhere),
        _picture(worst, name) if not key else None,
        tuple(trial.config.name for trial in cause.trials),
        len(ran),
    )


def _place(
    reading: Reading, ran: Sequence[Trial], together: Sequence[str], cause: Cause, edit: Edit | None, program: Program
) -> Place | None:
    """The line of a change; that of the cause where there is none, or where it only mends what is handed on."""
    if edit is None or (cause.key in SIGNS["backward"] and re.fullmatch(r"return [\w., ]+", edit.before.strip())):
        return gradient_place(reading, program, cause.key, together[0], cause.trials, ran, together[1:])
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
    if not cause.text:
        return filled(general.headline, names), filled(general.why, names), ""
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
