"""The names and layouts that a model's arrays have in PyTorch.

The layers of a chain are named by their kind and counted: conv1, batchnorm1, relu1, conv2, block1.body.conv1. An export
writes these names, and `transfer` reads them again.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from backhand.arrays import Array
from backhand.layers import (
    AvgPool2d,
    BatchNorm,
    Chain,
    Conv2d,
    GlobalAvgPool2d,
    GlobalMaxPool2d,
    Layer,
    Linear,
    MaxPool2d,
    Residual,
)
from backhand.layers.branches import Branches
from backhand.model.sequential import Sequential
from backhand.model.tables import kind_of

KINDS: dict[type[Layer], str] = {
    Linear: "linear",
    Conv2d: "conv",
    MaxPool2d: "max_pool",
    AvgPool2d: "avg_pool",
    GlobalAvgPool2d: "global_pool",
    GlobalMaxPool2d: "global_max_pool",
    BatchNorm: "batchnorm",
    Residual: "block",
    Chain: "stage",
    Sequential: "stage",
}
ARRAYS = {"gamma": "weight", "beta": "bias"}  # the other arrays have the same name in PyTorch
# The order of the axes there, by the number of axes.
CHANNELS_FIRST = {2: (1, 0), 3: (2, 0, 1), 4: (3, 2, 0, 1)}
STANDARDIZE = "standardize"  # the module in front of the network, in an export


def module_names(layers: Sequence[Layer]) -> list[str]:
    """The names of a chain's layers in PyTorch, such as conv1, relu1, conv2."""
    counts: Counter[str] = Counter()
    names = []
    for layer in layers:
        kind = KINDS.get(type(layer)) or kind_of(layer) or type(layer).__name__.lower()
        counts[kind] += 1
        names.append(f"{kind}{counts[kind]}")
    return names


def torch_names(model: Sequential) -> dict[str, str]:
    """The name in PyTorch of every parameter and state, such as block1.body.conv1.weight, by its name in the model."""
    return dict(_names(model.layers, "", ""))


def _names(layers: Sequence[Layer], ours: str, theirs: str) -> Iterator[tuple[str, str]]:
    for i, (layer, module) in enumerate(zip(layers, module_names(layers), strict=True)):
        if isinstance(layer, Chain):
            yield from _names(layer.layers, f"{ours}{i}.", f"{theirs}{module}.")
        elif isinstance(layer, Branches):
            for branch, inner in layer.chains().items():
                yield from _names(inner, f"{ours}{i}.{branch}.", f"{theirs}{module}.{branch}.")
        for name in layer.params | layer.state:
            yield f"{ours}{i}.{name}", f"{theirs}{module}.{ARRAYS.get(name, name)}"


def channels_first(array: Array) -> Array:
    """An array in PyTorch's layout; one of a single axis is the same.

    Weights (kh, kw, I, O) -> (O, I, kh, kw) and (I, O) -> (O, I), parameters of the shape of an image (H, W, C) ->
    (C, H, W).
    """
    return array.transpose(CHANNELS_FIRST.get(array.ndim, range(array.ndim)))


def channels_last(tensor: Array) -> Array:
    """An array in our layout from one in PyTorch's, the inverse of `channels_first`."""
    return tensor.transpose(np.argsort(CHANNELS_FIRST.get(tensor.ndim, range(tensor.ndim))))
