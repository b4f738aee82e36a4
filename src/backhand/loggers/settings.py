"""The settings of a training, as a log shows them: a name and a plain value each."""

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from backhand.training.solver import Solver

Plain = str | int | float | bool
LEFT_OUT = ("model", "callbacks", "metrics")


def settings_of(solver: Solver) -> dict[str, Plain]:
    """The settings of a solver, such as {"optimizer": "SGD", "optimizer.lr": 0.1}, its layers, and its parameters."""
    layers = "; ".join(map(str, solver.model.layers))
    facts: dict[str, Plain] = {"model": layers, "parameters": solver.model.parameters.values.size}
    return facts | {"epochs": solver.epochs} | plain(dict(_fields(solver)))


def plain(settings: Mapping[str, Any]) -> dict[str, Plain]:
    """The settings that have a value, with lists, arrays and tables as JSON."""
    return {name: _plain(value) for name, value in settings.items() if not _is_empty(value)}


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, list | tuple | dict) and not value)


def _fields(thing: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The arguments that an object was made with, and those of the objects among them, by dotted name."""
    for field in (field for field in dataclasses.fields(thing) if field.init and field.name not in LEFT_OUT):
        value = getattr(thing, field.name)
        if dataclasses.is_dataclass(value):
            yield f"{prefix}{field.name}", type(value).__name__
            yield from _fields(value, f"{prefix}{field.name}.")
        elif isinstance(value, Plain | list | tuple | dict | None):
            yield f"{prefix}{field.name}", value


def _plain(value: Any) -> Plain:
    value = value.item() if isinstance(value, np.generic) else value
    return value if isinstance(value, Plain) else json.dumps(value, default=_as_json)


def _as_json(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else str(value)
