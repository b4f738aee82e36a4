"""The outputs of layers that are maps over the image, and which layers have such outputs."""

from collections.abc import Iterator, Sequence

import numpy as np

from backhand.arrays import Array
from backhand.attribution.scores import chunks
from backhand.attribution.tap import insert
from backhand.errors import ModelError
from backhand.layers import Chain, Conv2d, Layer
from backhand.model.sequential import Sequential


def feature_maps(model: Sequential, x: Array, layer: str | None = None) -> Array:
    """The output of a layer for samples x at inference: maps (N, h, w, c), or whatever the layer's output is.

    x: samples (N, *sample_shape) as the model takes them, that is standardised.
    layer: its name, such as `3` or `4.body.0`; None: the last one with feature maps, as `grad_cam` takes it.
    Raises ModelError for an unknown layer, and without a name for a model that has no feature maps.
    """
    name, twin = layer or last_maps(model), model.copy()
    tap = insert(twin, name)
    maps = np.zeros((len(x), *tap.output_shape), model.parameters.values.dtype)
    for chunk in chunks(twin, len(x)):
        twin.predict(x[chunk])
        maps[chunk] = tap.y
    return maps


def last_maps(model: Sequential) -> str:
    """The name of the last layer whose output is maps (h, w, c): that of the last convolution, behind its activation.

    Where there is no convolution it is the last layer with more than one pixel. Raises ModelError where there is none.
    """
    if not model.output_shape:
        raise ModelError("the model must be built before its feature maps are looked at")
    straight = list(_straight(model))
    ends = convolutions([layer for _, layer in straight]) or [
        index for index, (_, layer) in enumerate(straight) if _is_map(layer)
    ]
    if not ends:
        raise ModelError(
            "the model has no layer with feature maps (height, width, channels) before its head; use saliency, which "
            "needs none"
        )
    return straight[ends[-1]][0]


def convolutions(layers: Sequence[Layer]) -> list[int]:
    """The indices of the layers that give the outputs of convolutions: those behind their batch-norm and activation.

    Outputs with a single row or column are left out, since they are no pictures.
    """
    ends: list[int] = []
    for index, layer in enumerate(layers):
        if not _is_map(layer):
            continue
        if any(isinstance(inner, Conv2d) for _, inner in layer.walk()):
            ends.append(index)
        elif ends and ends[-1] == index - 1 and layer.output_shape == layers[index - 1].output_shape:
            ends[-1] = index
    return ends


def _is_map(layer: Layer) -> bool:
    return len(layer.output_shape) == 3 and min(layer.output_shape[:2]) > 1


def _straight(chain: Chain, prefix: str = "") -> Iterator[tuple[str, Layer]]:
    """The layers one after the other, with those of chains inside the chain, but not of branches."""
    for name, layer in chain.named(prefix):
        if isinstance(layer, Chain):
            yield from _straight(layer, f"{name}.")
        else:
            yield name, layer
