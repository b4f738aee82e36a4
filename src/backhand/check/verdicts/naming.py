"""How the things of a reading are called, and where they stand, in the person's own words."""

import inspect
import re
from collections.abc import Mapping
from dataclasses import replace
from types import FunctionType
from typing import Any

import numpy as np

from backhand.check.reading.objects import ObjectSpecimen
from backhand.check.reading.reader import Reading
from backhand.check.reading.roles import roles
from backhand.check.reading.units import parameter_names
from backhand.check.reading.words import are_alike, words
from backhand.check.review.records import Change
from backhand.check.source.definitions import plain
from backhand.check.source.edits import Edit, called_functions, returned_names
from backhand.check.source.guarded import outcome
from backhand.check.source.program import Program
from backhand.check.source.remarks import Place
from backhand.check.verdicts.trial import Trial

VALUES = {"j", "loss", "cost", "acc", "accuracy"}  # words of results that are no gradients


def function_of(reading: Reading, pass_name: str) -> Any:
    """The function that makes a pass, without decorators."""
    return functions_of(reading, pass_name)[0]


def functions_of(reading: Reading, pass_name: str) -> list[Any]:
    """The functions that make a pass: the one that does the work first, then those that it calls in the same file.

    A method of a base class that only hands the work on to the class, as `backward` does in Torch 7, comes last.
    """
    if reading.network is not None:
        cls: type | None = reading.network.cls
        entry = getattr(reading.network.cls, reading.network.gradient)
    elif reading.methods is not None:
        cls = reading.methods.cls
        backwards = reading.methods.backward or reading.methods.forward  # tensors may go back by themselves
        entry = getattr(cls, reading.methods.forward if pass_name == "forward" else backwards)
    else:
        assert reading.calls is not None
        backward = reading.calls.backward or reading.calls.forward
        cls, entry = None, reading.calls.forward if pass_name == "forward" else backward
    first = plain(entry)
    called = called_functions(first, cls)
    if cls is not None and first.__name__ not in vars(cls) and any(f.__name__ in vars(cls) for f in called):
        own = [function for function in called if function.__name__ in vars(cls)]
        return [*own, *(function for function in called if function not in own), first]
    return [first, *called]


def constructor_of(reading: Reading) -> list[Any]:
    """The constructor of a class, which may keep a setting wrongly, and what it calls; none for functions."""
    owner = reading.methods or reading.network
    constructor = plain(getattr(owner.cls, "__init__", None)) if owner is not None else None
    if owner is None or not isinstance(constructor, FunctionType):
        return []
    return [constructor, *called_functions(constructor, owner.cls)]


def qualified_name(reading: Reading, pass_name: str) -> str:
    """The name of the function that makes a pass, such as `Linear.backward`."""
    name = getattr(function_of(reading, pass_name), "__name__", reading.unit.name)
    owner = reading.methods or reading.network
    if owner is not None or reading.unit.form == "autograd function" or name in ("forward", "backward"):
        return f"{owner.cls.__name__ if owner is not None else reading.unit.name}.{name}"
    return str(name)


def gradient_expression(reading: Reading, name: str) -> str:
    """The expression in backward's source that gives the gradient of an array; "" where it is not to be found."""
    function = function_of(reading, "backward")
    expressions = returned_names(function) if isinstance(function, FunctionType) else []
    if reading.calls is not None and reading.calls.backward is None:  # beside the value of the loss
        expressions = [text for text in expressions if not VALUES & set(words(text))]
    home, position = _home(reading, name)
    if home not in ("", "returned"):
        return home
    alike = [text for text in expressions if are_alike(text, name)]
    if alike:
        return alike[0]
    if position is None and reading.specimen is not None and len(expressions) == len(reading.specimen.arrays):
        position = list(reading.specimen.arrays).index(name)
    inside = getattr(reading.specimen, "inside", {})
    if len(expressions) == 1:
        return "" if name in inside else expressions[0]  # what is kept in a dictionary is not what is returned
    return expressions[position] if position is not None and position < len(expressions) else ""


def homes_of(reading: Reading) -> Mapping[str, str]:
    """Where an object keeps the gradient of each array, such as `self.dW`; "returned" for one that it returns."""
    specimen = reading.specimen
    if not isinstance(specimen, ObjectSpecimen):
        return {}
    passage = specimen.forward()
    gradients = outcome(lambda: passage.backward(np.ones_like(passage.y))).value
    return gradients.homes if gradients is not None else {}


def _home(reading: Reading, name: str) -> tuple[str, int | None]:
    """Where an object keeps the gradient of an array, such as `self.dW`, and the position of a returned one."""
    specimen = reading.specimen
    if not isinstance(specimen, ObjectSpecimen):
        return "", None
    position = specimen.methods.dx_position
    return homes_of(reading).get(name, ""), position


def names_in(reading: Reading, trial: Trial, name: str) -> dict[str, Any]:
    """What the texts of mistakes are filled with: the person's names by role, and the facts of the configuration."""
    specimen = trial.specimen
    assert specimen is not None
    by_role = {role: own for own, role in specimen.roles.items()}
    facts = {key: value for key, value in trial.config.facts.items() if isinstance(value, int | float | str)}
    upstream = upstream_name(reading)
    return {
        **facts,
        "y": "y",
        **by_role,
        "dy": upstream,
        "a": name,
        "g": _gradient_name(reading, name),
    }


def _gradient_name(reading: Reading, name: str) -> str:
    """What the gradient of an array is called in a sentence: as in the source, if it has a name there."""
    expression = gradient_expression(reading, name) if name else ""
    if expression.removeprefix("self.") == name:  # known by the step that it has made
        expression = ""
    return expression if re.fullmatch(r"[A-Za-z_][\w.]*(\[['\"\w]+\])?", expression) else f"the gradient of {name}"


def upstream_name(reading: Reading) -> str:
    """The name of the upstream gradient in backward's source."""
    if reading.calls is not None:
        return next((name for name, source in reading.calls.sources.items() if source[0] == "dy"), "dy")
    names = [name for name in parameter_names(function_of(reading, "backward")) if name not in ("self", "ctx")]
    specimen = reading.specimen
    given = set(specimen.call_names) if isinstance(specimen, ObjectSpecimen) else set()
    likely = [name for name in names if roles(name)[:1] == ("dy",) and name not in given]
    return next(iter([*likely, *(name for name in names if name not in given)]), "dy")


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return key


def filled(text: str, names: Mapping[str, Any]) -> str:
    """A text with the person's names; what has no name keeps that of the field."""
    return text.format_map(_Blank(names))


def place_of(program: Program, value: Any) -> Place | None:
    """Where a function or class is defined."""
    return program.location(value)


def line_of(program: Program, edit: Edit) -> Place | None:
    """The line of a change."""
    start = program.location(edit.function)
    if start is None:
        return None
    return replace(start, line=start.line + edit.line - _def_line(edit.function))


def _def_line(function: Any) -> int:
    """The line of `def` in the file, below any decorators."""
    lines, first = inspect.getsourcelines(function)
    return first + next((i for i, text in enumerate(lines) if text.lstrip().startswith(("def ", "async def "))), 0)


def change_of(program: Program, edit: Edit | None, *, verified: bool = True) -> Change | None:
    """An edit as it is told. verified: whether it passed every trial."""
    if edit is None:
        return None
    place = line_of(program, edit)
    return None if place is None else Change(place, edit.before, edit.after, verified)
