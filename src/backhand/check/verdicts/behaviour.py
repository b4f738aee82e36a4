"""What passes do beside computing: arrays changed in place, gradients of other shapes, random numbers of their own."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from backhand.arrays import Array
from backhand.check.reading.objects import ObjectSpecimen, updated
from backhand.check.reading.reader import Reading
from backhand.check.review.records import Finding, Severity
from backhand.check.source.program import Program
from backhand.check.verdicts.naming import (
    filled,
    function_of,
    gradient_labels,
    line_of,
    names_in,
    place_of,
    qualified_name,
)
from backhand.check.verdicts.texts import BEHAVIOURS
from backhand.check.verdicts.trial import Trial

SEVERITY: dict[str, Severity] = {
    "changed in forward": "wrong elsewhere",
    "dy changed": "style",
    "parameters changed in backward": "wrong elsewhere",
    "input changed in backward": "wrong elsewhere",
    "backward differs the second time": "wrong elsewhere",
    "random in backward": "wrong",
    "forward differs": "wrong",
}


def behaviour_findings(reading: Reading, seen: Mapping[str, tuple[str, ...]], program: Program) -> Iterator[Finding]:
    """What the passes did that they should not, each with its severity."""
    for behaviour, arrays in seen.items():
        if behaviour not in SEVERITY:
            continue
        pass_name = "forward" if "forward" in behaviour else "backward"
        words = BEHAVIOURS[behaviour]
        names = {"a": ", ".join(arrays), "g": "", "dy": "the upstream gradient"}
        severity = SEVERITY[behaviour]
        if behaviour == "changed in forward" and "labels" in reading.kind.constants:
            severity = "harmless"  # seldom does anybody read the scores once more after the loss
        function = function_of(reading, pass_name)
        yield Finding(
            severity,
            behaviour,
            pass_name,  # type: ignore[arg-type]
            filled(words.headline, names),
            explanation=filled(words.why, names),
            function=qualified_name(reading, pass_name),
            place=place_of(program, function),
        )


def shape_findings(reading: Reading, ran: Sequence[Trial], program: Program) -> Iterator[Finding]:
    """Gradients with the right values in a shape that broadcasting forgives."""
    for trial in ran[:1]:
        assert trial.specimen is not None
        for name, gradient in trial.gradients.values.items():
            array = trial.specimen.arrays[name]
            if gradient is None or name in trial.wrong or gradient.shape == array.shape:
                continue
            forgiving = _is_forgiven(trial, name, gradient)
            yield Finding(
                "harmless" if forgiving else "wrong",
                "another shape",
                "backward",
                f"{names_in(reading, trial, name)['g']} has the shape {gradient.shape}, {name} has {array.shape}",
                explanation="The update works all the same."
                if forgiving
                else f"An update such as {name} -= rate * gradient would fail or change the shape of {name}.",
                function=qualified_name(reading, "backward"),
                array=name,
                place=line_of(program, function_of(reading, "backward"), gradient_labels(reading, [name]), None),
            )


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
