"""What a report shows of the layers: the weights of the first one, and the outputs of convolutions for a few images."""

import numpy as np

from backhand.arrays import Array, Labels
from backhand.attribution.feature_maps import convolutions
from backhand.data.feed import Feed
from backhand.experiments.run.evidence_groups import FeatureMaps, FirstWeights, LayerMaps
from backhand.layers import Conv2d, Linear
from backhand.model.sequential import Sequential

MAPPED, CHANNELS = 4, 8  # the number of pictures whose feature maps a report shows, and of channels per layer


def first_weights(model: Sequential) -> Array | None:
    """The weights of the first layer that has parameters, where these can be shown as pictures; else None."""
    first = next((layer for layer in model.layers if any(inner.params for _, inner in layer.walk())), None)
    return first.params["weight"] if isinstance(first, Linear | Conv2d) else None


def changed_weights(model: Sequential, initial: Array | None) -> FirstWeights | None:
    """These weights of the first layer before the training, with those of now; None where either is no picture."""
    trained = first_weights(model)
    return None if initial is None or trained is None else FirstWeights(initial, trained)


def feature_maps_of(model: Sequential, test: Feed, chosen: Labels) -> FeatureMaps | None:
    """The outputs of some convolutional layers for these test images, at inference; None without such layers."""
    mapped = _mapped_layers(model)
    if not mapped or not len(chosen):
        return None
    images = test.data.x[chosen]
    x: Array = test.standardizer.transform(images)
    layers: dict[str, LayerMaps] = {}
    for index, layer in enumerate(model.layers[: mapped[-1] + 1]):
        x = layer.forward(x)
        layer.release()
        if index in mapped:
            layers[str(index)] = strongest(x)
    return FeatureMaps(images, chosen, layers)


def _mapped_layers(model: Sequential) -> list[int]:
    """The indices of the layers whose outputs are shown: those of a first, a middle and a last convolution."""
    ends = convolutions(model.layers)
    return sorted({ends[0], ends[len(ends) // 2], ends[-1]}) if ends else []


def strongest(x: Array) -> LayerMaps:
    """The maps of those channels of x (F, h, w, C) with the largest mean absolute value, the largest first."""
    channels = np.argsort(-np.abs(x).mean(axis=(0, 1, 2)), kind="stable")[:CHANNELS]
    x = x[..., channels]
    low, high = np.minimum(x.min(axis=(0, 1, 2)), 0), np.maximum(x.max(axis=(0, 1, 2)), 0)
    scale = np.where(high > low, high - low, 1)
    ranges = np.stack([low, high], axis=1).astype(np.float32)
    return LayerMaps(np.rint(255 * (x - low) / scale).astype(np.uint8), channels, ranges)
