"""Which kind a forward pass computes, alone or followed by an activation."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from backhand.arrays import Array
from backhand.check.kinds.kind import Config, Kind, Layout, Match, agree
from backhand.check.reading.specimen import Passage, Specimen


def _softmax(y: Array, axis: int) -> Array:
    """Softmax without SciPy, whose import would double the time to the first result."""
    exponentials = np.exp(y - y.max(axis, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis, keepdims=True))


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "ReLU": lambda y: np.maximum(y, 0),
    "sigmoid": lambda y: 1 / (1 + np.exp(-y)),
    "tanh": np.tanh,
    "softmax": lambda y: _softmax(y, -1),
    "leaky ReLU of slope 0.01": lambda y: np.where(y > 0, y, 0.01 * y),
    "softmax over axis 0": lambda y: _softmax(y, 0),
}


def recognise(kind: Kind, specimen: Specimen, passage: Passage, config: Config, layout: Layout) -> Match | None:
    """The way in which a forward pass computes the kind; None where it computes something else."""
    arrays = specimen.by_role
    if any(role not in arrays for role in kind.inputs):
        return None
    try:
        known = next(kind.recognise(passage.y, arrays, config, layout), None)
    except (ValueError, IndexError):  # arrays that the kind's formulas do not take
        return None
    return known or _with_activation(kind, passage.y, arrays, config, layout)


def _with_activation(kind: Kind, y: Array, arrays: Mapping[str, Array], config: Config, layout: Layout) -> Match | None:
    """The kind followed by an activation, as some layers have it inside."""
    if not kind.parameters or "labels" in arrays:
        return None
    with np.errstate(all="ignore"):
        for match in kind.matches(arrays, config, layout):
            for name, function in ACTIVATIONS.items():
                if not match.mistake and agree(y, function(match.y)):
                    return replace(match, convention={**match.convention, "followed by": name})
    return None
