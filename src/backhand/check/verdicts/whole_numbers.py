"""Activations that are wrong for whole numbers: an array made like the input takes the type of the input.

Nothing is said of `dtype=x.dtype`, by which its author has asked for that type.
"""

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from backhand.arrays import Array
from backhand.check.kinds.elementwise import Activation
from backhand.check.reading.dialect import numpy_array
from backhand.check.reading.reader import Reading
from backhand.check.review.records import Finding
from backhand.check.source.guarded import outcome
from backhand.check.source.program import Program
from backhand.check.verdicts.naming import functions_of, names_in, qualified_name
from backhand.check.verdicts.places import forward_place
from backhand.check.verdicts.trial import Trial


def whole_number_findings(reading: Reading, trial: Trial, program: Program) -> Iterator[Finding]:
    """A warning where forward gives another result for whole numbers than for the same numbers as floats."""
    specimen = trial.specimen
    if specimen is None or reading.make is not numpy_array or not isinstance(reading.kind, Activation):
        return
    inputs = {name: np.rint(3 * array) for name, array in specimen.arrays.items() if specimen.roles[name] == "x"}
    floats = _result(trial, inputs)
    integers = _result(trial, {name: array.astype(np.int64) for name, array in inputs.items()})
    if floats is None or integers is None or not inputs or floats.shape != integers.shape:
        return
    if np.allclose(floats, integers, equal_nan=True) or any(
        _asks_for_type(f) for f in functions_of(reading, "forward")
    ):
        return
    yield Finding(
        "warning",
        "whole numbers",
        "forward",
        f"forward cuts its result to whole numbers where {names_in(reading, trial, '')['x']} holds integers",
        explanation="An array that is made like the input, or is a copy of it, has its type, and so keeps no fractions."
        " Make it of floats: np.zeros(x.shape), or x.astype(float).",
        function=qualified_name(reading, "forward"),
        place=forward_place(reading, program, "whole numbers", [trial], [trial]),
    )


def _result(trial: Trial, inputs: Mapping[str, Array]) -> Array | None:
    """What forward gives for other inputs; None where it fails."""
    specimen = trial.specimen
    assert specimen is not None
    held = dict(specimen.arrays)
    specimen.arrays.update(inputs)
    try:
        return outcome(lambda: specimen.forward().y).value
    finally:
        specimen.arrays.update(held)


def _asks_for_type(function: Any) -> bool:
    return "dtype" in (outcome(lambda: inspect.getsource(function)).value or "")
