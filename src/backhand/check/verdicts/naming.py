"""How the things of a reading are called, and where they stand, in the person's own words."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from backhand.check.reading.functions import FunctionSpecimen
from backhand.check.reading.objects import ObjectSpecimen
from backhand.check.reading.reader import Reading
from backhand.check.reading.results import returned_names
from backhand.check.reading.units import parameter_names
from backhand.check.reading.words import are_alike
from backhand.check.review.records import Change, Place
from backhand.check.source.definitions import plain
from backhand.check.source.edits import Edit, slice_lines
from backhand.check.source.program import Program
from backhand.check.verdicts.trial import Trial


def function_of(reading: Reading, pass_name: str) -> Any:
    """The function that makes a pass, without decorators."""
    if reading.network is not None:
        return plain(getattr(reading.network.cls, reading.network.gradient))
    if reading.methods is not None:
        name = reading.methods.forward if pass_name == "forward" else reading.methods.backward
        return plain(getattr(reading.methods.cls, name))
    assert reading.calls is not None
    backward = reading.calls.backward or reading.calls.forward
    return plain(reading.calls.forward if pass_name == "forward" else backward)


def qualified_name(reading: Reading, pass_name: str) -> str:
    """The name of the function that makes a pass, such as `Linear.backward`."""
    function = function_of(reading, pass_name)
    name = getattr(function, "__name__", reading.unit.name)
    owner = reading.methods or reading.network
    return f"{owner.cls.__name__}.{name}" if owner is not None else str(name)


def gradient_labels(reading: Reading, names: Sequence[str]) -> list[str]:
    """How the gradients of these arrays are called in backward's source."""
    function = function_of(reading, "backward")
    labels = [label for label in returned_names(function) if label]
    homes = homes_of(reading)
    found = []
    for name in names:
        alike = [label for label in labels if are_alike(label, name)]
        home = homes.get(name, "")
        found += alike[:1] or ([home] if home not in ("", "returned") else labels if len(labels) == 1 else [])
    return found


def homes_of(reading: Reading) -> Mapping[str, str]:
    """Where an object keeps the gradient of each array, such as `self.dW`."""
    specimen = reading.specimen
    if not isinstance(specimen, ObjectSpecimen):
        return {}
    passage = specimen.forward()
    return passage.backward(np.ones_like(passage.y)).homes


def names_in(reading: Reading, trial: Trial, name: str) -> dict[str, Any]:
    """What the texts of mistakes are filled with: the person's names by role, and the facts of the configuration."""
    specimen = trial.specimen
    assert specimen is not None
    labels = gradient_labels(reading, [name]) if name else []
    by_role = {role: own for own, role in specimen.roles.items()}
    facts = {key: value for key, value in trial.config.facts.items() if isinstance(value, int | float | str)}
    upstream = upstream_name(reading)
    return {
        **facts,
        "y": "y",
        **by_role,
        "dy": upstream,
        "a": name,
        "g": labels[0] if labels else f"the gradient of {name}",
    }


def upstream_name(reading: Reading) -> str:
    """The name of the upstream gradient in backward's source."""
    names = [name for name in parameter_names(function_of(reading, "backward")) if name not in ("self", "ctx")]
    if isinstance(reading.specimen, FunctionSpecimen) and reading.calls is not None:
        return next((name for name, source in reading.calls.sources.items() if source[0] == "dy"), "dy")
    return names[0] if names else "dy"


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return key


def filled(text: str, names: Mapping[str, Any]) -> str:
    """A text with the person's names; what has no name keeps that of the field."""
    return text.format_map(_Blank(names))


def place_of(program: Program, value: Any) -> Place | None:
    """Where a function or class is defined."""
    where = program.location(value)
    return None if where is None else Place(where.file, where.line, where.cell)


def line_of(program: Program, function: Any, labels: Sequence[str], edit: Edit | None) -> Place | None:
    """The line of a mistake: that of the change which mends it, else where the gradient gets its value."""
    start = program.location(function)
    if start is None:
        return None
    first = function.__code__.co_firstlineno
    line = edit.line if edit else next(iter(slice_lines(function, labels)), first)
    return Place(start.file, start.line + line - _def_line(function), start.cell)


def _def_line(function: Any) -> int:
    """The line of `def` in the file, below any decorators."""
    lines, first = inspect.getsourcelines(function)
    return first + next((i for i, text in enumerate(lines) if text.lstrip().startswith(("def ", "async def "))), 0)


def change_of(program: Program, edit: Edit | None, *, verified: bool = True) -> Change | None:
    """An edit as it is told. verified: whether it passed every trial."""
    if edit is None:
        return None
    place = line_of(program, edit.function, [], edit)
    return None if place is None else Change(place, edit.before, edit.after, verified)
