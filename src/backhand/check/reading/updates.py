"""Rules of updates in a program, run for three steps: functions (w, dw, config) and classes with an update method."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from backhand.arrays import Array
from backhand.check.kinds.updates import UPDATES, Update, draw_problem
from backhand.check.reading.dialect import Maker, makers
from backhand.check.reading.results import as_float, items
from backhand.check.reading.roles import roles
from backhand.check.reading.units import method, parameter_names
from backhand.check.reading.words import are_alike, words
from backhand.check.source.guarded import outcome

METHODS = ("update", "step", "apply", "optimize", "apply_gradients", "update_params")
# The names of settings, without underscores, by the roles that the rules give them.
SETTINGS: Mapping[str, tuple[str, ...]] = {
    "lr": ("lr", "learningrate", "alpha", "eta", "stepsize"),
    "momentum": ("momentum", "mu", "gamma"),
    "decay": ("decay", "decayrate", "rho", "beta"),
    "beta1": ("beta1", "b1"),
    "beta2": ("beta2", "b2"),
    "eps": ("eps", "epsilon"),
}


@dataclass(frozen=True)
class UpdateUnit:
    """A function or a class that updates parameters, and the rules of which its name speaks."""

    name: str
    value: Any
    module: ModuleType
    rules: tuple[Update, ...]


def update_unit(name: str, value: Any, module: ModuleType) -> UpdateUnit | None:
    """The unit of this name, if it looks like a rule of updates."""
    spoken = " ".join(words(name))
    rules = tuple(rule for rule in UPDATES if any(set(entry.split()) <= set(spoken.split()) for entry in rule.names))
    longest = max((len(entry) for rule in rules for entry in rule.names if entry in spoken), default=0)
    rules = tuple(rule for rule in rules if any(len(entry) == longest and entry in spoken for entry in rule.names))
    if not rules or not ((isinstance(value, type) and method(value, METHODS)) or _is_rule(value)):
        return None
    return UpdateUnit(name, value, module, rules)


def _is_rule(value: Any) -> bool:
    names = parameter_names(value) if inspect.isfunction(value) else []
    if len(names) < 2 or not {"w", "params", "x"} & set(roles(names[0])):
        return False
    return roles(names[1])[:1] == ("dy",) or are_alike(names[1], names[0])


def course(unit: UpdateUnit) -> tuple[Array, Array, list[Array], dict[str, float]] | None:
    """The parameters after each of three steps, those at the start, the gradients, and the settings in use.

    None where the unit does not run in any of the ways that are known.
    """
    w, gradients = draw_problem()
    for make in makers(unit.module):
        for run in (
            (_function, _dictionary, _lists) if inspect.isfunction(unit.value) else (_dictionary, _arrays, _lists)
        ):
            result = outcome(lambda run=run, make=make: run(unit.value, w, gradients, make)).value  # type: ignore[misc]
            if result is not None and np.shape(result[0]) == (len(gradients), *w.shape):
                return result[0], w, gradients, _settings(result[1])
    return None


Run = tuple[Array, Mapping[str, Any]]


def _function(rule: Callable[..., Any], w: Array, gradients: list[Array], make: Maker) -> Run:
    """w, config = rule(w, dw, config), as in CS231n."""
    config: Any = {}
    current, values = make(w), []
    for gradient in gradients:
        results = items(rule(current, make(gradient), config))
        current = results[0] if as_float(results[0]) is not None else current
        config = results[1] if len(results) > 1 and isinstance(results[1], dict) else config
        values.append(as_float(current))
    return np.array(values), config


def _steps(value: Any, hand_over: Callable[[Any, Array], Array], gradients: list[Array]) -> Run:
    """The parameters after each call of an object's method, and its attributes."""
    instance = value()
    values = [hand_over(getattr(instance, method(value, METHODS)), gradient) for gradient in gradients]
    return np.array(values), vars(instance)


def _dictionary(value: Any, w: Array, gradients: list[Array], make: Maker) -> Run:
    """update(params, grads) with two dictionaries, whose arrays are changed in place."""
    params = {"W1": make(w)}

    def hand_over(update: Callable[..., Any], gradient: Array) -> Array:
        update(params, {"W1": make(gradient), "dW1": make(gradient)})
        return np.array(as_float(params["W1"]))

    return _steps(value, hand_over, gradients)


def _arrays(value: Any, w: Array, gradients: list[Array], make: Maker) -> Run:
    """w = update(w, gradient), or a change of w in place."""
    held = [make(w)]

    def hand_over(update: Callable[..., Any], gradient: Array) -> Array:
        result = update(held[0], make(gradient))
        held[0] = held[0] if as_float(result) is None else result
        return np.array(as_float(held[0]))

    return _steps(value, hand_over, gradients)


def _lists(value: Any, w: Array, gradients: list[Array], make: Maker) -> Run:
    """update(params, grads) with two lists."""
    params = [make(w)]

    def hand_over(update: Callable[..., Any], gradient: Array) -> Array:
        update(params, [make(gradient)])
        return np.array(as_float(params[0]))

    return _steps(value, hand_over, gradients)


def _settings(values: Mapping[str, Any]) -> dict[str, float]:
    """The settings in use, by role, from an object's attributes or a dictionary."""
    return dict(_known(values))


def _known(values: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, value in values.items():
        bare = str(name).lower().replace("_", "")
        for role, names in SETTINGS.items():
            if bare in names and isinstance(value, int | float) and not isinstance(value, bool):
                yield role, float(value)
