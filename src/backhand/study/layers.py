"""The tables of single layers, in the `layers` of a model and in the branches of a layer.

They have no classes of their own: the kind is a name in `LAYERS`, and the other keys are the arguments of that layer.
"""

import dataclasses
import json
from collections.abc import Iterable
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from backhand.errors import closest
from backhand.layers import LAYERS, Layer
from backhand.layers.branches import Branches
from backhand.study.table import check_choice


def make_layer(table: Any) -> Layer:
    """The layer that a table describes. Raises ValueError for an unknown kind or key, and for a bad value."""
    options = dict(table)
    kind = check_choice("layer", str(options.pop("kind", "")), LAYERS)
    layer = LAYERS[kind]
    fields = {field.name: field for field in dataclasses.fields(layer) if field.init}
    for key, value in options.items():
        if key not in fields:
            hint = closest(key, fields) if fields else ", which has no keys"
            raise ValueError(f'unknown key "{key}" of a {kind} layer{hint}')
        options[key] = _make_branch(value) if issubclass(layer, Branches) else _typed(key, value, fields[key].type)
    for key, field in fields.items():
        if field.default is dataclasses.MISSING and key not in options:
            raise ValueError(f'a {kind} layer needs the key "{key}"')
    return layer(**options)


def make_layers(tables: Iterable[Any]) -> list[Layer]:
    """The layers that the tables describe. Raises ValueError as `make_layer` does, with the index of the layer."""
    layers = []
    for i, table in enumerate(tables):
        try:
            layers.append(make_layer(table))
        except ValueError as error:
            raise ValueError(f"layer {i}: {error}") from error
    return layers


def _make_branch(value: Any) -> Any:
    """The layers of a branch from a list of tables; of several branches from a list of such lists."""
    if not isinstance(value, list) or not all(isinstance(item, dict | list) for item in value):
        raise ValueError(f"a branch must be a list of layers, not {value!r}")
    if value and all(isinstance(item, list) for item in value):
        return [_make_branch(item) for item in value]
    return make_layers(value)


def _typed(key: str, value: Any, argument_type: Any) -> Any:
    """The value of a layer's argument, with tuples for lists.

    Types are strict: true is not a number, and 2.0 is not a whole number. Raises ValueError for another type.
    """
    try:
        adapter = TypeAdapter[Any](argument_type, config=ConfigDict(strict=True, allow_inf_nan=False))
        typed = adapter.validate_json(json.dumps(value, default=str))
    except ValidationError:
        raise ValueError(f"{key} cannot be {value!r}") from None
    return typed if isinstance(value, list) else value
