"""Layers as tables, and tables as layers: how studies and saved models name the layers of a network.

A table has the `kind` of the layer, a name in `LAYERS`, and the arguments of its constructor. A layer with branches has
lists of tables among them; `chain` and `sequential` have `layers`. A layer of one's own has a table from the moment
that its class stands in `LAYERS` under a name: `backhand.layers.LAYERS["swish"] = Swish`.
"""

import dataclasses
import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from backhand.arguments import arguments_of, of_others
from backhand.errors import ModelError, closest
from backhand.layers import LAYERS, Chain, Layer
from backhand.layers.branches import Branches
from backhand.model.sequential import Sequential

NESTED: dict[str, type[Chain]] = {"chain": Chain, "sequential": Sequential}


def make_layer(table: Mapping[str, Any]) -> Layer:
    """The layer that a table describes. Raises ValueError for an unknown kind or key, and for a bad value."""
    options = dict(table)
    kind = str(options.pop("kind", ""))
    if kind in NESTED:
        return _make_nested(kind, options)
    if kind not in LAYERS:
        raise ValueError(f'unknown layer "{kind}"{closest(kind, LAYERS)}')
    layer, what = LAYERS[kind], f"a {kind} layer"
    arguments = arguments_of(layer, options, what, _make_branch if issubclass(layer, Branches) else None)
    with of_others(f"{what} cannot be made"):
        return layer(**arguments)


def make_layers(tables: Iterable[Mapping[str, Any]]) -> list[Layer]:
    """The layers that the tables describe. Raises ValueError as `make_layer` does, with the index of the layer."""
    layers = []
    for i, table in enumerate(tables):
        try:
            layers.append(make_layer(table))
        except ValueError as error:
            raise ValueError(f"layer {i}: {error}") from error
    return layers


def tables_of(model: Chain) -> list[dict[str, Any]]:
    """The tables of a model's layers, with every argument, from which `make_layers` makes them again.

    Raises ModelError, naming the layer, for one whose class is not in `LAYERS`, or cannot be made from its fields.
    """
    for name, layer in model.walk():
        _refuse_unknown(name, layer)
    return [_table_of(layer) for layer in model.layers]


def kind_of(layer: Layer) -> str | None:
    """The name of the layer's class in tables; None for a class that has none."""
    nested = next((kind for kind, known in NESTED.items() if known is type(layer)), None)
    return nested or LAYERS.name_of(type(layer))


def origins(model: Chain) -> dict[str, str]:
    """The packages that kinds of the model's layers come from, such as {"swish": "backhand-swish 0.1.0"}."""
    kinds = {kind_of(layer) for _, layer in model.walk()}
    plugins = {kind: LAYERS.group.origin(kind) for kind in sorted(filter(None, kinds)) if kind not in LAYERS.own}
    return {kind: plugin.package for kind, plugin in plugins.items() if plugin is not None}


def _table_of(layer: Layer) -> dict[str, Any]:
    if isinstance(layer, Chain):
        return {"kind": kind_of(layer), "layers": [_table_of(inner) for inner in layer.layers]}
    arguments = (field.name for field in dataclasses.fields(layer) if field.init)
    return {"kind": kind_of(layer)} | {name: _plain(getattr(layer, name)) for name in arguments}


def _plain(value: Any) -> Any:
    """An argument as JSON and TOML hold it."""
    if isinstance(value, Layer):
        return _table_of(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def _refuse_unknown(name: str, layer: Layer) -> None:
    """Raise ModelError, naming the layer, where a table could not give it back."""
    where, of = f"layer {name}, {layer},", f"{type(layer).__module__}.{type(layer).__qualname__}"
    if kind_of(layer) is None:
        raise ModelError(
            f"{where} is of the class {of}, which has no name in files; give it one before the model is saved and "
            f'loaded: backhand.layers.LAYERS["{type(layer).__name__.lower()}"] = {type(layer).__name__}'
        )
    if not isinstance(layer, Chain) and type(layer).__init__ is not _dataclass_init(type(layer)):
        raise ModelError(
            f"{where} cannot be made again from its fields, since {of} has an __init__ of its own; make the class a "
            f"dataclass whose fields are its arguments, as the layers of backhand are"
        )
    for field in (field for field in dataclasses.fields(layer) if field.init and not isinstance(layer, Branches)):
        value = _plain(getattr(layer, field.name))
        if not _fits_json(value):
            raise ModelError(f"{where} has the argument {field.name} = {value!r}, which a file cannot hold")


def _dataclass_init(kind: type) -> Any:
    """The constructor that the decorator `dataclass` wrote for the class or for one that it inherits from."""
    owner = next(base for base in kind.__mro__ if "__init__" in vars(base))
    return vars(owner)["__init__"] if "__dataclass_fields__" in vars(owner) else None


def _fits_json(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def _make_nested(kind: str, options: dict[str, Any]) -> Chain:
    if list(options) != ["layers"] or not isinstance(options["layers"], list):
        raise ValueError(f'a {kind} layer needs the key "layers", a list of layers, and no other')
    layers = make_layers(options["layers"])
    return Sequential(*layers) if kind == "sequential" else Chain(layers)


def _make_branch(value: Any) -> Any:
    """The layers of a branch from a list of tables; of several branches from a list of such lists."""
    if not isinstance(value, list) or not all(isinstance(item, dict | list) for item in value):
        raise ValueError(f"a branch must be a list of layers, not {value!r}")
    if value and all(isinstance(item, list) for item in value):
        return [_make_branch(item) for item in value]
    return make_layers(value)
