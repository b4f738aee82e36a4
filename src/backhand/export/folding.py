"""Batch normalisation at inference as part of the convolution or the linear layer before it.

    γ (x w + b - μ) / sqrt(σ² + ε) + β  =  x (w g) + (b - μ) g + β        g = γ / sqrt(σ² + ε), one per output channel

Source: Jacob et al. 2018, arXiv:1712.05877, section 3.2.
"""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np

from backhand.arrays import Array
from backhand.layers import BatchNorm, Chain, Conv2d, Layer, Linear
from backhand.layers.branches import Branches
from backhand.model.sequential import Sequential

Arrays = dict[Layer, dict[str, Array]]  # the parameters and states that new layers get once they are built


def folded(model: Sequential) -> Sequential:
    """A copy of the model without the batch normalisations that stand behind a convolution or a linear layer.

    At inference it computes the same, up to rounding. Other batch normalisations stay.
    """
    arrays: Arrays = {}
    copy = Sequential(*_folded(model.layers, arrays)).build(model.input_shape, dtype=model.parameters.values.dtype)
    for _, layer in copy.walk():
        for name, value in arrays.get(layer, {}).items():
            (layer.params if name in layer.params else layer.state)[name][...] = value
    return copy


def _folded(layers: Sequence[Layer], arrays: Arrays) -> list[Layer]:
    new: list[Layer] = []
    for layer in layers:
        if type(layer) is BatchNorm and new and type(new[-1]) in (Conv2d, Linear):
            new[-1] = _joined(new[-1], layer, arrays)
        else:
            new.append(_copied(layer, arrays))
    return new


def _joined(before: Layer, norm: BatchNorm, arrays: Arrays) -> Layer:
    """The layer that computes what these two do. Its arrays take the place of those of the layer before."""
    old = arrays.pop(before)
    gamma, beta, mean, var = (value.astype(np.float64) for value in (norm.params | norm.state).values())
    g = gamma / np.sqrt(var + norm.eps)
    joined = replace(before, bias=True) if isinstance(before, Conv2d) else before.fresh()
    arrays[joined] = {"weight": old["weight"] * g, "bias": (old.get("bias", 0) - mean) * g + beta}
    return joined


def _copied(layer: Layer, arrays: Arrays) -> Layer:
    """A layer with the same arguments, in whose branches batch normalisation is joined, too."""
    if isinstance(layer, Chain):
        inner = _folded(layer.layers, arrays)
        return Sequential(*inner) if isinstance(layer, Sequential) else Chain(inner)
    if isinstance(layer, Branches):
        branches = {field.name: getattr(layer, field.name) for field in fields(layer) if field.init}
        return replace(layer, **{name: _branch(value, arrays) for name, value in branches.items()})
    copy = layer.fresh()
    arrays[copy] = layer.params | layer.state
    return copy


def _branch(value: Any, arrays: Arrays) -> Any:
    """The layers of a branch, or of several."""
    if isinstance(value, Sequence) and all(isinstance(item, Layer) for item in value):
        return _folded(value, arrays)
    return [_branch(item, arrays) for item in value] if isinstance(value, list | tuple) else value
