"""What a person's code is given in one configuration: arrays, settings by their names, and stand-ins for the rest."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backhand.arrays import Array
from backhand.check.kinds.kind import Config, Kind, Layout
from backhand.check.reading.dialect import Maker, numpy_array
from backhand.check.reading.roles import roles


class UnresolvedError(Exception):
    """An argument for which no value is known."""


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
    only = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple | list) else shape
    return np.random.default_rng(5).standard_normal(size if size is not None else only)


NEUTRAL: dict[str, list[Any]] = {
    "name": ["layer"],
    "children": [[]],
    "init": [0.1, "normal", _normal],
    "seed": [5],
    "eps": [1e-5],
    "momentum": [0.9],
    "lr": [0.01],
    "reg": [0.0],
    "model": [Catcher(), None],
    "train": [True],
    "test": [False],
    "mode": ["train"],
    "activation": [_identity, "linear", "relu", "sigmoid"],
    "optimizer": [Catcher()],
    "count": [1],
    "flag": [False],
}


MODES = ("train", "test", "eval")  # code may know one of them, and do the other for any other word
NEUTRAL_WORDS = ("linear", "identity", "none", "normal", "train")


FACTS = {"height": "H", "width": "W", "window_h": "kh", "window_w": "kw"}  # facts that have a name of their own
PADDINGS = {"same", "valid"}
STEPS = ("stride", "padding")


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


NOTHING = object()


@dataclass
class Setup:
    """A kind in one configuration and layout, from which arguments take their values.

    make: makes an array as the code takes it.   variant: which of several equally likely values an argument takes, such
    as a stride as a number or as a pair.   drawn: the arrays by role, float64 or whole numbers, drawn once.   guesses:
    the arguments whose names said nothing.   used: the roles of the settings that the code was given.   forced: values
    that arguments are given whatever their names say.
    """

    kind: Kind
    config: Config
    layout: Layout
    variant: int = 0
    make: Maker = numpy_array
    drawn: dict[str, Array] = field(default_factory=dict)
    guesses: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    forced: Mapping[str, Any] = field(default_factory=dict)

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

    def meant(self, name: str) -> tuple[str, ...]:
        """The roles that an argument of this name may have; scores are the input of a loss."""
        return tuple(
            dict.fromkeys(
                "x" if role == "scores" and "scores" not in self.kind.inputs else role for role in roles(name)
            )
        )

    def values(self, role: str) -> list[Any]:
        """The values that a setting of this role may have."""
        value = self.config.get(FACTS.get(role, ""))
        return self.kind.values(role, self.config) or ([] if value is None else [value])

    def choice(self, role: str, values: list[Any]) -> Any:
        """One of several values for a setting: the forms of windows vary apart from those of strides and paddings."""
        position = self.variant % 2 if role == "window" else self.variant // 2 if role in STEPS else self.variant
        return values[min(position, len(values) - 1)]

    def word(self, value: Any, words: Sequence[str]) -> Any:
        """A word of those that the code knows, where the value is another one, or none of any meaning to it."""
        if value in (*words, "train", "test") or not (isinstance(value, str) or callable(value) or value is NOTHING):
            return value
        known = {word.lower(): word for word in words}
        if value in known:
            return known[value]
        if value in PADDINGS and PADDINGS & set(known):  # the code means the other one by everything else
            return value.upper() if any(word.isupper() for word in words) else value
        ordered = sorted(dict.fromkeys(words), key=lambda word: word.lower() not in NEUTRAL_WORDS)
        return ordered[self.variant % len(ordered)]

    def setting(self, name: str, *, required: bool = True) -> Any:
        """The value of a setting by its name; `NOTHING` where none is known, or a neutral one is not required."""
        for role in roles(name):
            values = self.values(role)
            if values:
                self.used.add(role)
                return self.choice(role, values)
        for role in roles(name) if required else ():
            if NEUTRAL.get(role):
                return self.choice(role, NEUTRAL[role])
        return NOTHING


class Settings(dict[str, Any]):
    """A dictionary of settings that answers whatever key the person's code asks for, as far as a role is known."""

    def __init__(self, setup: "Setup", words: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__()
        self.setup = setup
        self.words = words or {}  # with which the code compares the value of a key
        self.names: set[str] = set()
        self.parameters: dict[str, str] = {}
        for key in getattr(setup.kind, "book", ()):
            if (array := setup.array(key)) is not None:
                self.parameters[key], self[key] = key, setup.make(array)
        self.states: dict[str, str] = {}

    def __missing__(self, key: Any) -> Any:
        value = self._value(key)
        if value is NOTHING:
            raise KeyError(key)
        self[key] = value
        return value

    def __contains__(self, key: object) -> bool:
        return dict.__contains__(self, key) or (not _is_optional(key) and self._value(key) is not NOTHING)

    def get(self, key: Any, default: Any = None) -> Any:
        """The value of a key, or the default for one that code can do without."""
        if dict.__contains__(self, key):
            return self[key]
        value = self._value(key, required=False)
        if value is NOTHING and isinstance(key, str) and isinstance(default, bool) and roles(key)[:1] == ("train",):
            return True  # a layer that keeps nothing for its backward pass otherwise
        return default if value is NOTHING else value

    def _value(self, key: Any, *, required: bool = True) -> Any:
        if not isinstance(key, str):
            return NOTHING
        self.names.add(key)
        state = next((role for role in roles(key) if role in self.setup.kind.state), None)
        if state is not None and (kept := self.setup.array(state)) is not None:
            self.states[key] = state
            self[key] = self.setup.make(kept)
            return self[key]
        role = next((role for role in roles(key) if role in self.setup.kind.parameters), None)
        if (
            required
            and role is not None
            and role not in self.parameters.values()
            and (array := self.setup.array(role)) is not None
        ):
            self.parameters[key] = role
            return self.setup.make(array)
        value = self.setup.setting(key, required=required)
        return self.setup.word(value, self.words[key]) if required and self.words.get(key) else value

    def __deepcopy__(self, memo: dict[int, Any]) -> "Settings":
        twin = Settings(self.setup, self.words)
        twin.clear()
        twin.update({key: copy.deepcopy(value, memo) for key, value in self.items()})
        twin.names, twin.parameters, twin.states = self.names, dict(self.parameters), dict(self.states)
        return twin


def _is_optional(key: object) -> bool:
    """Whether code asks for a key only to see whether it is there, such as a seed or earlier running statistics."""
    return isinstance(key, str) and ("seed" in key or "running" in key)
