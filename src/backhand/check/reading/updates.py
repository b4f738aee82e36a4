"""Rules of updates in a program, run for three steps: functions (w, dw, config) and classes with an update method."""

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from backhand.arrays import Array
from backhand.check.kinds.updates import UPDATES, Update, draw_problem
from backhand.check.reading.dialect import makers
from backhand.check.reading.roles import roles
from backhand.check.reading.units import method, parameter_names
from backhand.check.reading.update_runs import METHODS, RUNS_OF_CLASSES, RUNS_OF_FUNCTIONS
from backhand.check.reading.words import are_alike, words
from backhand.check.source.guarded import outcome

UPDATES_PARAMETERS = {"update", "parameters", "params", "parameter", "weights"}  # as functions of plain descent say
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
    if set(words(name)) <= UPDATES_PARAMETERS and "update" in words(name):
        spoken = "sgd"
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
        for run in RUNS_OF_FUNCTIONS if inspect.isfunction(unit.value) else RUNS_OF_CLASSES:
            result = outcome(lambda run=run, make=make: run(unit.value, w, gradients, make)).value  # type: ignore[misc]
            if result is not None and np.shape(result[0]) == (len(gradients), *w.shape):
                return result[0], w, gradients, _settings(result[1])
    return None


def _settings(values: Mapping[str, Any]) -> dict[str, float]:
    """The settings in use, by role, from an object's attributes or a dictionary."""
    return dict(_known(values))


def _known(values: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, value in values.items():
        bare = str(name).lower().replace("_", "")
        for role, names in SETTINGS.items():
            if bare in names and isinstance(value, int | float) and not isinstance(value, bool):
                yield role, float(value)
