"""The arguments with which a person's functions and constructors are called, by the roles that their names suggest."""

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backhand.check.kinds.compound import Compound, usual_config
from backhand.check.kinds.specified import Specified
from backhand.check.reading.fitting import fitted
from backhand.check.reading.roles import roles
from backhand.check.reading.setup import NEUTRAL, NOTHING, PADDINGS, Catcher, Context, Settings, Setup, UnresolvedError
from backhand.check.reading.specimen import SEED, Specimen
from backhand.check.reading.usage import UNUSED, usages
from backhand.check.reading.words import words

DICTIONARIES = frozenset(
    [
        "param",
        "params",
        "parameters",
        "hparameters",
        "hparams",
        "hyperparameters",
        "config",
        "cfg",
        "conf",
        "options",
        "opts",
        "settings",
    ]
)


MEANINGFUL = {"labels", "dy", "cache", "x", "w", "b", "mask"}  # names that no mere number bears


@dataclass(frozen=True)
class ArrayArgument:
    """An argument that is an array to differentiate or a constant array, by its role."""

    role: str


def resolve(function: Callable[..., Any], setup: Setup, *, constructor: bool = False) -> dict[str, Any]:
    """The arguments of a function by name: values, and `ArrayArgument` for arrays. Those left to their defaults are
    missing.

    Raises UnresolvedError for an argument without a default for which nothing is known.
    """
    resolved: dict[str, Any] = {}
    taken: set[str] = set()
    used = {} if isinstance(setup.kind, Specified) else usages(function)
    parameters = list(_parameters(function))
    outputs = set() if constructor else _outputs_called_y(parameters)
    for parameter in parameters:
        if parameter.name in setup.forced:
            resolved[parameter.name] = setup.forced[parameter.name]
            continue
        alias = parameter.replace(name="scores") if parameter.name in outputs else parameter
        if isinstance(parameter.default, str) and parameter.default.lower() in PADDINGS:
            alias = parameter.replace(name="padding")  # whatever it is called, such as mode
        argument = _resolve_one(alias, setup, taken, constructor)
        if not isinstance(argument, ArrayArgument):
            argument = fitted(argument, parameter, used.get(parameter.name, UNUSED), setup)
        if argument is not NOTHING:
            resolved[parameter.name] = argument
    return resolved


def take_arrays(specimen: Specimen, given: Mapping[str, Any], setup: Setup) -> None:
    """Give a specimen the arrays among these arguments: those to differentiate, and the constants."""
    specimen.arrays, specimen.roles, specimen.constants, specimen.constant_roles = {}, {}, {}, {}
    for name, value in given.items():
        if isinstance(value, ArrayArgument):
            array = setup.array(value.role)
            assert array is not None
            if array.dtype.kind == "f" and value.role not in setup.kind.constants:
                specimen.arrays[name], specimen.roles[name] = np.array(array, np.float64), value.role
            else:
                specimen.constants[name], specimen.constant_roles[name] = array, value.role


def _parameters(function: Callable[..., Any]) -> Iterator[inspect.Parameter]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError) as error:
        raise UnresolvedError(str(error)) from error
    for parameter in parameters:
        if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) or (
            parameter.kind is parameter.VAR_POSITIONAL and roles(parameter.name)[:1] in (("x",), ("scores",))
        ):
            yield parameter


def _outputs_called_y(parameters: Sequence[inspect.Parameter]) -> set[str]:
    """The arguments that are outputs, though their name alone means labels: the y of `loss(y, t)`."""
    labels = [p.name for p in parameters if roles(p.name)[:1] == ("labels",) and p.default is p.empty]
    if len(labels) < 2 or any(roles(p.name)[:1] in (("x",), ("scores",)) for p in parameters):
        return set()
    targets = [name for name in labels if name.lower().rstrip("s") in ("t", "target")] or labels[-1:]
    return set(labels) - set(targets)


def _resolve_one(parameter: inspect.Parameter, setup: Setup, taken: set[str], constructor: bool) -> Any:
    """The value of an argument; NOTHING where it is left to its default."""
    stand_in = NOTHING if isinstance(setup.kind, Specified) else _stand_in(parameter, setup)
    if stand_in is not NOTHING:
        return stand_in
    optional = parameter.default is not parameter.empty
    if isinstance(setup.kind, Specified) and not constructor:
        return _specified(setup.kind, parameter.name)
    for role in (role for role in setup.meant(parameter.name) if role not in taken):
        is_array = role in setup.array_roles(constructor) and not (optional and constructor)
        if is_array and setup.array(role) is not None:
            taken.add(role)
            return ArrayArgument(role)
        values = setup.values(role)
        if role == "classes" and optional and parameter.default is None:
            values = []  # a number, or the frequency of each class: code that leaves it out knows what to do without
        if role == "momentum" and optional and parameter.default == 0:
            known = setup.config.get(role)  # with 0, nothing of a statistic would be kept
            values = [] if known is None else [known]
        if role == "padding" and isinstance(parameter.default, str):
            values = [value for value in values if isinstance(value, str)]  # it may take no numbers
        setup.used |= {role} if values else set()
        if values and not (optional and _is_kept(parameter.default, values)):
            taken.add(role)
            return setup.choice(role, values)
    if parameter.default is np.random.normal or parameter.default is np.random.uniform:  # whose first is no shape
        return next(value for value in NEUTRAL["init"] if callable(value))
    return NOTHING if optional else _neutral(parameter, setup, taken, constructor)


def _specified(kind: Specified, name: str) -> Any:
    """What a person has specified for an argument."""
    if name in kind.inputs:
        return ArrayArgument(name)
    return kind.spec.arguments.get(name, NOTHING)


def _stand_in(parameter: inspect.Parameter, setup: Setup) -> Any:
    """What stands for the context of PyTorch, a device, a dictionary of settings or a model; NOTHING for the rest."""
    name, optional = parameter.name, parameter.default is not parameter.empty
    if name in ("ctx", "context") and not optional:
        return Context()
    if name == "device":
        return "cpu"
    if "rng" in roles(name) and (not optional or parameter.default is None):
        return np.random.RandomState(SEED)  # what older code expects of a generator
    if "key" in roles(name) and "jax" in sys.modules and not optional:
        return sys.modules["jax"].random.PRNGKey(0)
    flat = "params" in setup.kind.parameters and "params" in roles(name) and setup.variant == 0
    if set(words(name)) & DICTIONARIES and not flat and (not optional or parameter.default in ({}, None)):
        return Settings(_within(setup, name))
    if optional and parameter.default is None and roles(name)[:1] == ("seed",):
        return SEED  # with none, the code would draw anew in every pass
    if isinstance(parameter.default, dict) and not parameter.default:
        return Settings(setup)
    if optional and parameter.default is None and "model" in roles(name):
        return Catcher()
    return NOTHING


def _within(setup: Setup, name: str) -> Setup:
    """The setup for a dictionary of this name: `pool_param` of a convolution with pooling is that of the pooling."""
    kind = setup.kind.within(name) if isinstance(setup.kind, Compound) else None
    return setup if kind is None else replace(setup, kind=kind, config=usual_config(kind), drawn={})


def _neutral(parameter: inspect.Parameter, setup: Setup, taken: set[str], constructor: bool) -> Any:
    """For an argument of which the configuration says nothing: a neutral value, or a guess."""
    for role in roles(parameter.name):
        if NEUTRAL.get(role):
            return setup.choice(role, _of_kind(parameter, NEUTRAL[role]))
    return _leftover(parameter, setup, taken, constructor)


def _of_kind(parameter: inspect.Parameter, values: list[Any]) -> list[Any]:
    """Those of several values that are words or functions, where the argument's name or annotation says so."""
    if parameter.annotation in (str, "str"):
        return [value for value in values if isinstance(value, str)] or values
    if set(words(parameter.name)) & {"fn", "func", "function"}:
        return sorted(values, key=lambda value: not callable(value))
    return values


def _is_kept(default: Any, values: list[Any]) -> bool:
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
        if not MEANINGFUL & set(roles(parameter.name)):
            setup.guesses.append(parameter.name)
            return ArrayArgument(f"number {parameter.name}")
    raise UnresolvedError(f"nothing is known of the argument `{parameter.name}`")
