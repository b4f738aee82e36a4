"""The values with which a person's functions and constructors are called, by the roles that their names suggest."""

import copy
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backhand.arrays import Array
from backhand.check.kinds.kind import Config, Kind, Layout
from backhand.check.reading.roles import roles
from backhand.check.reading.words import words

_DICTIONARIES = frozenset(
    "param params hparameters hparams hyperparameters config cfg conf options opts settings".split()
)


class Catcher:
    """Stands for a model that a loss drives: keeps the gradient that it is handed."""

    def __init__(self) -> None:
        self.grad_input: Any = None

    def backward(self, gradient: Any, *_: Any, **__: Any) -> Any:
        """Keep the gradient."""
        self.grad_input = gradient
        return gradient


def _identity(x: Any) -> Any:
    return x


def _normal(*shape: Any, size: Any = None, **_: Any) -> Any:
    return np.random.standard_normal(size if size is not None else shape)


NEUTRAL: dict[str, list[Any]] = {
    "name": ["layer"],
    "children": [[]],
    "init": [0.1, "normal", _normal],
    "seed": [None],
    "eps": [1e-5],
    "momentum": [0.9],
    "lr": [0.01],
    "reg": [0.0],
    "model": [Catcher(), None],
    "train": [True],
    "test": [False],
    "mode": ["train"],
    "activation": [_identity, "linear", "relu"],
}


class Unresolved(Exception):
    """An argument for which no value is known."""


class Context:
    """What PyTorch hands to the passes of an `autograd.Function`."""

    def __init__(self) -> None:
        self.saved_tensors: tuple[Any, ...] = ()
        self.needs_input_grad = (True,) * 32

    @property
    def saved_variables(self) -> tuple[Any, ...]:
        """The name that PyTorch once had for `saved_tensors`."""
        return self.saved_tensors

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep tensors for the backward pass."""
        self.saved_tensors = tensors

    def mark_dirty(self, *tensors: Any) -> None:
        """Nothing follows from it here."""

    mark_non_differentiable = set_materialize_grads = mark_dirty


@dataclass(frozen=True)
class ArrayArgument:
    """An argument that is an array to differentiate or a constant array, by its role."""

    role: str


class Settings(dict[str, Any]):
    """A dictionary of settings that answers whatever key the person's code asks for, as far as a role is known."""

    def __init__(self, setup: "Setup") -> None:
        super().__init__()
        self.setup = setup
        self.names: set[str] = set()
        self.parameters: dict[str, str] = {}

    def __missing__(self, key: Any) -> Any:
        value = self._value(key)
        if value is _NONE:
            raise KeyError(key)
        self[key] = value
        return value

    def __contains__(self, key: object) -> bool:
        return dict.__contains__(self, key) or (not _is_optional(key) and self._value(key) is not _NONE)

    def get(self, key: Any, default: Any = None) -> Any:
        if dict.__contains__(self, key):
            return self[key]
        value = self._value(key, required=False)
        return default if value is _NONE else value

    def _value(self, key: Any, *, required: bool = True) -> Any:
        if not isinstance(key, str):
            return _NONE
        self.names.add(key)
        role = next((role for role in roles(key) if role in self.setup.kind.parameters), None)
        if (
            required
            and role is not None
            and role not in self.parameters.values()
            and (array := self.setup.array(role)) is not None
        ):
            self.parameters[key] = role
            return array.copy()
        return self.setup.setting(key, required=required)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Settings":
        twin = Settings(self.setup)
        twin.update({key: copy.deepcopy(value, memo) for key, value in self.items()})
        twin.names, twin.parameters = self.names, dict(self.parameters)
        return twin


_NONE = object()
_MEANINGFUL = {"labels", "dy", "cache", "x", "w", "b", "mask"}  # names that no mere number bears


def _is_optional(key: object) -> bool:
    """Whether code asks for a key only to see whether it is there, such as a seed or earlier running statistics."""
    return isinstance(key, str) and ("seed" in key or "running" in key)


@dataclass
class Setup:
    """A kind in one configuration and layout, from which arguments take their values.

    variant: which of several equally likely values an argument takes (a stride as a number or as a pair).
    drawn: the arrays by role, float64 or whole numbers, drawn once.   guesses: the arguments whose names said nothing.
    used: the roles of the settings that the code was given.
    """

    kind: Kind
    config: Config
    layout: Layout
    variant: int = 0
    drawn: dict[str, Array] = field(default_factory=dict)
    guesses: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def array(self, role: str) -> Array | None:
        """The array of a role, drawn at the first request; None where the kind has none."""
        if role not in self.drawn:
            rng = np.random.default_rng([7, *role.encode(), self.variant])
            number = np.array(0.6 + 0.3 * rng.random()) if role.startswith("number ") else None
            value = self.kind.draw(role, self.config, self.layout, rng) if number is None else number
            if value is None:
                return None
            self.drawn[role] = value
        return self.drawn[role]

    def array_roles(self, constructor: bool) -> tuple[str, ...]:
        """The roles of arguments that are arrays: a constructor takes none but parameters."""
        return self.kind.parameters if constructor else (*self.kind.inputs, *self.kind.parameters)

    def values(self, role: str) -> list[Any]:
        """The values that a setting of this role may have."""
        return self.kind.values(role, self.config)

    def setting(self, name: str, *, required: bool = True) -> Any:
        """The value of a setting by its name; `_NONE` where none is known, or only a neutral one and none required."""
        for role in roles(name):
            values = self.values(role)
            if values:
                self.used.add(role)
                return values[min(self.variant, len(values) - 1)]
        for role in roles(name) if required else ():
            if NEUTRAL.get(role):
                return NEUTRAL[role][min(self.variant, len(NEUTRAL[role]) - 1)]
        return _NONE


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
        if argument is not _NONE:
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
        return Settings(setup) if set(words(name)) & _DICTIONARIES and parameter.default in ({}, None) else _NONE
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
