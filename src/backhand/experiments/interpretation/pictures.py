"""Figures of samples and of the network, drawn as the report of a run draws them."""

from dataclasses import replace
from math import ceil, sqrt
from typing import TYPE_CHECKING

import numpy as np

from backhand.arrays import Array, Labels
from backhand.errors import BackhandError
from backhand.experiments.run.evidence_groups import FeatureMaps
from backhand.experiments.run.layer_pictures import strongest
from backhand.experiments.run.report import attributions as attribution_chapter
from backhand.experiments.run.report import feature_maps as maps_chapter
from backhand.experiments.run.report import filters
from backhand.experiments.run.report import pictures as galleries
from backhand.page import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from backhand.experiments.interpretation.views import NetworkViews


def top_losses(of: "NetworkViews", index: Labels) -> "Figure":
    """Images, each with the truth, the answer, and by how much it is wrong."""
    texts, images = of.loss_texts(index), _images(of, index)
    with style.plot_style():
        return galleries.figure(images, texts, max(ceil(sqrt(2 * len(texts))), 1))


def attributions(of: "NetworkViews", index: Labels) -> "Figure":
    """Images with their saliency and, where the network has feature maps, Grad-CAM of the answer."""
    images = _images(of, index)
    shown, titles = of.attributions(index)
    with style.plot_style():
        return attribution_chapter.figure(replace(shown, images=images), titles)


def feature_maps(of: "NetworkViews", index: Labels, layer: str | None) -> "Figure":
    """The strongest channels of a layer's output for images. Raises BackhandError for outputs that are no maps."""
    images, maps = _images(of, index), of.feature_maps(index, layer)
    if maps.ndim != 4:
        raise BackhandError(f"the output of layer {layer} is no map (height, width, channels), but {maps.shape[1:]}")
    strong = strongest(maps)
    with style.plot_style():
        return maps_chapter.figure(of.row_names(index), FeatureMaps(images, index, {"": strong}), strong)


def weights(of: "NetworkViews") -> "Figure":
    """The first layer's weights as pictures. Raises BackhandError for those of a table, which are none."""
    with style.plot_style():
        figure = filters.figure(of.weights(), of.source.network.model.input_shape)
    if figure is None:
        raise BackhandError("the first layer's weights are no pictures, since the samples are no images")
    return figure


def importance(of: "NetworkViews") -> "Figure":
    """A bar for each of the most important columns of a table."""
    losses, names = of.permutation_importance(), of.source.network.features
    with style.plot_style():
        return attribution_chapter.importance_figure(losses, names, regression=of.figure != "accuracy")


def _images(of: "NetworkViews", index: Labels) -> Array:
    """The samples as pictures of uint8, those of other numbers from their lowest to their highest value.

    Raises BackhandError for tables.
    """
    data = of.source.network.feed.data
    if not data.is_image:
        raise BackhandError("the samples are rows of a table, not images; look at top_losses or plot_importance")
    images = data.x[index]
    if images.dtype == np.uint8:
        return images
    low, high = images.min((1, 2, 3), keepdims=True), images.max((1, 2, 3), keepdims=True)
    return np.rint(255 * (images - low) / np.where(high > low, high - low, 1)).astype(np.uint8)
