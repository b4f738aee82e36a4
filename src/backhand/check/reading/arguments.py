"""The arguments with which a person's functions and constructors are called, by the roles that their names suggest."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from backhand.check.reading.roles import roles
from backhand.check.reading.setup import NEUTRAL, NOTHING, Catcher, Context, Settings, Setup
from backhand.check.reading.words import words

_DICTIONARIES = frozenset(
    "param params hparameters hparams hyperparameters config cfg conf options opts settings".split()
)


_MEANINGFUL = {"labels", "dy", "cache", "x", "w", "b", "mask"}  # names that no mere number bears


class Unresolved(Exception):
    """An argument for which no value is known."""


@dataclass(frozen=True)
class ArrayArgument:
    """An argument that is an array to differentiate or a constant array, by its role."""

    role: str


def resolve(function: Callable[..., Any], setup: Setup, *, constructor: bool = False) -> dict[str, Any]:
    """The arguments of a function by name: values, and `ArrayArgument` for arrays. Those left to their defaults are
    missing.

    Raises Unresolved for an argument without a default for which nothing is known.
    """
    resolved: dict[str, Any] = {}
    taken: set[str] = set()
    required = [p for p in _parameters(function)]
    for parameter in required:
        argument = _resolve_one(parameter, setup, taken, constructor)
        if argument is not NOTHING:
            resolved[parameter.name] = argument
    return resolved


def _parameters(function: Callable[..., Any]) -> Iterator[inspect.Parameter]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError) as error:
        raise Unresolved(str(error)) from error
    for parameter in parameters:
        if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            yield parameter
        elif parameter.kind is parameter.VAR_POSITIONAL and roles(parameter.name)[:1] in (("x",), ("scores",)):
            yield parameter


def _resolve_one(parameter: inspect.Parameter, setup: Setup, taken: set[str], constructor: bool) -> Any:
    name, optional = parameter.name, parameter.default is not parameter.empty
    if name in ("ctx", "context") and not optional:
        return Context()
    if name == "device":
        return "cpu"
    flat = "params" in setup.kind.parameters and "params" in roles(name) and setup.variant == 0
    if not optional and not flat and set(words(name)) & _DICTIONARIES:
        return Settings(setup)
    for role in roles(name):
        if role in taken:
            continue
        if role in setup.array_roles(constructor) and not (optional and constructor) and setup.array(role) is not None:
            taken.add(role)
            return ArrayArgument(role)
        values = setup.values(role)
        if values:
            setup.used.add(role)
        if values and not (optional and _is_kept(role, parameter.default, values)):
            taken.add(role)
            return values[min(setup.variant, len(values) - 1)]
    if optional and parameter.default is None and "model" in roles(name):
        return Catcher()
    if optional:
        return Settings(setup) if set(words(name)) & _DICTIONARIES and parameter.default in ({}, None) else NOTHING
    for role in roles(name):
        if NEUTRAL.get(role):
            return NEUTRAL[role][min(setup.variant, len(NEUTRAL[role]) - 1)]
    return _leftover(parameter, setup, taken, constructor)


def _is_kept(role: str, default: Any, values: list[Any]) -> bool:
    """Whether a default may stay, because the configuration says nothing that differs from it."""
    return any(type(value) is type(default) and value == default for value in values)


def _leftover(parameter: inspect.Parameter, setup: Setup, taken: set[str], constructor: bool) -> Any:
    """For an argument whose name says nothing: the next size of a constructor, the next array of a function."""
    if constructor:
        for role in ("in", "out", "window"):
            if role not in taken and setup.values(role):
                taken.add(role)
                setup.guesses.append(parameter.name)
                return setup.values(role)[0]
    else:
        for role in setup.array_roles(constructor=False):
            if role not in taken and setup.array(role) is not None:
                taken.add(role)
                setup.guesses.append(parameter.name)
                return ArrayArgument(role)
        if not _MEANINGFUL & set(roles(parameter.name)):
            setup.guesses.append(parameter.name)
            return ArrayArgument(f"number {parameter.name}")
    raise Unresolved(f"nothing is known of the argument `{parameter.name}`")
