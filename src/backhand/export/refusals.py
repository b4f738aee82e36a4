"""What an export would lose: layers that another program does not know, and weights that float32 cannot hold."""

import numpy as np

from backhand.arrays import Array
from backhand.errors import ModelError
from backhand.layers import LAYERS, Layer


def unknown_layer(name: str, layer: Layer, to: str, what: str) -> ModelError:
    """The error of a layer that an export does not know, with its op. to: the other program. what: what is written."""
    shipped = {kind.op_name for kind in LAYERS.values() if type(layer) is not kind and hasattr(kind, "op_name")}
    own = f" in a class of its own, {type(layer).__name__}," if layer.op_name in shipped else ","
    return ModelError(
        f"layer {name}, {layer}, has the op {layer.op_name}{own} which the export to {to} does not know; the {what} "
        f"would lose it"
    )


def as_float32(name: str, value: Array) -> Array:
    """A parameter in float32, in which other programs compute.

    Raises ModelError, naming the parameter, where one of its values is not finite there.
    """
    with np.errstate(over="ignore"):
        narrow = value.astype(np.float32)
    if not np.isfinite(narrow).all():
        reason = "beyond float32, in which the file computes" if np.isfinite(value).all() else "not finite"
        raise ModelError(f"the parameter {name} has values that are {reason}; train the model again, in smaller steps")
    return narrow
