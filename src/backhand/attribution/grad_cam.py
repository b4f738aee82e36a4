"""Grad-CAM: where in the image a convolutional network sees a class."""

import numpy as np

from backhand.arrays import Array
from backhand.attribution.enlarge import enlarge
from backhand.attribution.feature_maps import last_maps
from backhand.attribution.scores import Classes, chunks, class_labels, upstream
from backhand.attribution.tap import insert
from backhand.errors import ModelError
from backhand.model.sequential import Sequential


def grad_cam(model: Sequential, x: Array, classes: Classes = None, *, layer: str | None = None) -> Array:
    """Where the feature maps A of a layer speak for a class, enlarged to the image: (N, H, W), 0 or above.

        α[n, k] = 1/(hw) Σ_pq ∂z_class/∂A[n, p, q, k]        L[n, p, q] = max(0, Σ_k α[n, k] A[n, p, q, k])

    The maps (h, w) are enlarged to (H, W) by bilinear interpolation between the centres of their pixels. Behind global
    average pooling and one linear layer, L is the class activation map (Zhou et al. 2016) divided by hw.

    x: images (N, H, W, C) as the model takes them, that is standardised.
    classes: as in `input_gradient`.
    layer: the name of one whose output is maps (h, w, c), such as `3` or `4.body.0`; None: that behind the last
    convolution and its activation.
    Raises ModelError as `input_gradient` does, for an unknown layer, and for one whose output is no maps.
    Source: Selvaraju et al. 2017, arXiv:1610.02391. Explanation: docs/guides/interpret.md
    """
    name, twin = layer or last_maps(model), model.copy()
    tap = insert(twin, name)
    if len(tap.output_shape) != 3:
        raise ModelError(
            f"Grad-CAM needs feature maps (height, width, channels), and layer {name} gives {tap.output_shape}"
        )
    labels = class_labels(twin, x, classes)
    maps = np.zeros((len(x), *tap.output_shape[:2]), model.parameters.values.dtype)
    for chunk in chunks(twin, len(x)):
        twin.backward(upstream(twin.forward(x[chunk]), labels[chunk]), need_dx=True)
        weights = tap.dy.mean(axis=(1, 2), keepdims=True)
        maps[chunk] = np.maximum((weights * tap.y).sum(axis=-1), 0)
        twin.release()
    return enlarge(maps, x.shape[1:3])
