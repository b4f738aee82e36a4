"""What passes do beside computing: arrays changed in place, gradients of other shapes, random numbers of their own."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import numpy as np

from backhand.arrays import Array
from backhand.check.reading.objects import ObjectSpecimen, updated
from backhand.check.reading.reader import Reading
from backhand.check.review.records import Finding, Pass, Severity
from backhand.check.source.edits import Edit
from backhand.check.source.program import Program
from backhand.check.verdicts.naming import (
    change_of,
    filled,
    function_of,
    functions_of,
    line_of,
    names_in,
    place_of,
    qualified_name,
    upstream_name,
)
from backhand.check.verdicts.observation import observe
from backhand.check.verdicts.places import behaviour_place, gradient_place
from backhand.check.verdicts.repair import mend_pass
from backhand.check.verdicts.texts import BEHAVIOURS
from backhand.check.verdicts.trial import Trial, run_trial
from backhand.page.numbers import listed

Seen = Mapping[str, tuple[str, ...]]
REPEATED = "backward differs the second time"
SEVERITY: dict[str, Severity] = {
    "changed in forward": "wrong elsewhere",
    "dy changed": "style",
    "parameters changed in backward": "wrong elsewhere",
    "parameters reshaped in backward": "wrong elsewhere",
    "input changed in backward": "wrong elsewhere",
    REPEATED: "harmless",
    "random in backward": "wrong",
    "forward differs": "wrong",
}


def behaviour_findings(reading: Reading, trial: Trial, seen: Seen, program: Program) -> Iterator[Finding]:
    """What the passes did in a trial that they should not, each with its severity and the change that ends it."""
    for behaviour, arrays in seen.items():
        if behaviour not in SEVERITY or (behaviour == REPEATED and "parameters changed in backward" in seen):
            continue
        pass_name: Pass = "forward" if "forward" in behaviour else "backward"
        words = BEHAVIOURS[behaviour]
        names = {"a": ", ".join(arrays), "g": "", "dy": upstream_name(reading)}
        severity = SEVERITY[behaviour]
        if behaviour == "changed in forward" and ("labels" in reading.kind.constants or _is_asked_for(trial)):
            severity = "harmless"  # seldom does anybody read the scores once more after the loss
        function = function_of(reading, pass_name)
        edit = None
        if trial.passed:  # else a change might only trade one mistake for another
            is_ended = partial(_is_ended, trial, behaviour, seen)
            functions, matters = functions_of(reading, pass_name), severity != "harmless"
            edit = mend_pass(functions, is_ended, _is_of_copies, others=matters)
        yield Finding(
            severity,
            behaviour,
            pass_name,
            filled(words.headline, names),
            explanation=filled(words.why, names),
            function=qualified_name(reading, pass_name),
            place=line_of(program, edit)
            if edit
            else behaviour_place(reading, program, behaviour, arrays, trial) or place_of(program, function),
            change=change_of(program, edit),
        )


def partial_accumulation(reading: Reading, trial: Trial, seen: Seen, program: Program) -> Iterator[Finding]:
    """That some gradients of the parameters are added to those of earlier passes, and others are overwritten."""
    added = seen.get("gradients accumulate", ())
    assert trial.specimen is not None
    own = trial.specimen.parameter_names
    rest = [name for name in own if name not in added and trial.gradients.values.get(name) is not None]
    if not added or not rest or REPEATED in seen:
        return
    edit = mend_pass(functions_of(reading, "backward"), partial(_is_ended, trial, "gradients accumulate", seen))
    yield Finding(
        "wrong",
        "accumulation in some gradients only",
        "backward",
        f"the gradient of {listed(added)} is added to that of earlier passes, that of {listed(rest)} is overwritten",
        explanation="A training loop sets all gradients to 0 before each step, or none: here one of the two is wrong.",
        function=qualified_name(reading, "backward"),
        array=added[0],
        place=line_of(program, edit) if edit else gradient_place(reading, program, "", added[0], [trial], []),
        change=change_of(program, edit),
    )


def _is_asked_for(trial: Trial) -> bool:
    """Whether the layer works in place because a setting of this name says so."""
    instance = getattr(trial.specimen, "instance", None)
    settings = vars(instance) if hasattr(instance, "__dict__") else {}
    return any(value is True and name.lower().replace("_", "") == "inplace" for name, value in settings.items())


def _is_of_copies(edit: Edit) -> bool:
    return edit.operator in ("copy", "in place no longer")


def _is_ended(before: Trial, behaviour: str, seen: Seen) -> bool:
    """Whether a pass no longer does what it did, computes the same and does nothing new."""
    again = run_trial(before.reading, before.config)
    if again.refused is not None or again.crashed is not None or set(again.wrong) - set(before.wrong):
        return False
    if again.without_gradient - before.without_gradient:
        return False
    assert again.passage is not None
    assert before.passage is not None
    y, old = again.passage.y, before.passage.y
    if "forward" in behaviour and not (y.shape == old.shape and np.allclose(y, old, equal_nan=True)):
        return False
    return not set(observe(again)) - (set(seen) - {behaviour})


def shape_findings(reading: Reading, ran: Sequence[Trial], program: Program) -> Iterator[Finding]:
    """Gradients with the right values in another shape, one finding for each array."""
    told: set[str] = set()
    for trial in ran:
        assert trial.specimen is not None
        for name, gradient in trial.gradients.values.items():
            array = trial.specimen.arrays[name]
            if gradient is None or name in trial.wrong or name in told or gradient.shape == array.shape:
                continue
            told.add(name)
            is_input = name not in trial.specimen.parameter_names
            squeezed = np.squeeze(gradient).shape == np.squeeze(array).shape
            forgiving = squeezed if is_input else _is_forgiven(trial, name, gradient)
            yield Finding(
                "harmless" if forgiving else "wrong" if trial.is_usual else "wrong elsewhere",
                "another shape",
                "backward",
                f"{names_in(reading, trial, name)['g']} has the shape {gradient.shape}, {name} has {array.shape}",
                f"with {trial.config.name}",
                _shape_explanation(trial, name, forgiving),
                function=qualified_name(reading, "backward"),
                array=name,
                place=gradient_place(reading, program, "another shape", name, [trial], ran),
                failed=(trial.config.name,),
                tried=len(ran),
            )


def _shape_explanation(trial: Trial, name: str, forgiving: bool) -> str:
    assert trial.specimen is not None
    is_input = name not in trial.specimen.parameter_names
    if forgiving:
        return "They differ by an axis of length 1 only." if is_input else "The update works all the same."
    if is_input:
        return f"The layer before expects a gradient in the shape of its output: reshape it to {name}.shape."
    return f"An update such as {name} -= rate * gradient would fail or change the shape of {name}."


def _is_forgiven(trial: Trial, name: str, gradient: Array) -> bool:
    """Whether an update works with a gradient of another shape: the object's own, or else by broadcasting."""
    specimen = trial.specimen
    assert specimen is not None
    array = specimen.arrays[name]
    after = updated(specimen, trial.dy) if isinstance(specimen, ObjectSpecimen) else None
    if after is not None and name in after:
        return after[name].shape == array.shape and not np.array_equal(after[name], array)
    try:
        return np.broadcast_shapes(gradient.shape, array.shape) == array.shape
    except ValueError:
        return False
