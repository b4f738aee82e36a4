"""Outputs of convolutional layers for a few test images: a row per image, a column per channel."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from backhand.experiments.run.evidence_groups import FeatureMaps, LayerMaps
from backhand.experiments.run.metrics import Layer
from backhand.experiments.run.record import Run
from backhand.experiments.run.report.pictures import colours
from backhand.page import style
from backhand.page.blocks import Image
from backhand.page.mosaic import FRAME, GAP, mosaic
from backhand.page.numbers import counted, shape, significant

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CELL = 132  # about so many pixels for a map: a whole number of them for each pixel of the image
LEFT, ABOVE, BELOW, RIGHT = 176, 40, 76, 12  # pixels for the names of rows and columns
COLOURS = "viridis"  # its lightness rises evenly, so that it is readable in grey print

Pixels = NDArray[Any]


def feature_maps(run: Run) -> tuple[Image, ...]:
    """An image for each layer whose outputs the run has saved, from the first to the last."""
    saved, rows = run.evidence.feature_maps, {row.name: row for row in run.metrics.model.layers}
    if saved is None:
        return ()
    return tuple(_image(run, saved, rows[name]) for name in saved.layers if name in rows)


def about(run: Run, saved: FeatureMaps) -> str:
    """Sentences on the test images, the classes for which they were taken, and what the maps show."""
    names = []
    for i, true, predicted in zip(saved.index, saved.labels, saved.predictions, strict=True):
        mistake = "" if true == predicted else f", taken for “{run.classes[predicted]}”"
        names.append(f"“{run.classes[true]}” (sample {i}{mistake})")
    return (
        f"{counted(len(names), 'test picture')}, from the first row to the last: {', '.join(names)}. Beside each "
        "picture stand outputs of some layers for it, at inference with the kept weights; brighter means larger. Where "
        "a layer has many channels, those with the largest mean absolute value over these pictures are shown."
    )


def _image(run: Run, saved: FeatureMaps, row: Layer) -> Image:
    layer = saved.layers[row.name]
    count = len(layer.channels)
    complete = len(row.output) == 3 and count == row.output[-1]
    channels = f"all {counted(count, 'channel')}" if complete else f"{count} of {row.output[-1]} channels"
    caption = (
        f"Feature maps after layer {row.name}, {row.layer}, of {shape(row.output)}: {channels}. The values under each "
        "channel are those of its darkest and its brightest colour, which are the same for all pictures."
    )
    number = counted(len(saved.images), "test picture")
    alt = f"{number}, each with its feature maps after layer {row.name}, {row.layer}: {channels}"
    return Image(f"feature-maps-{row.name}", style.png(figure(run.classes, saved, layer)), alt, caption)


def figure(classes: Sequence[str], saved: FeatureMaps, layer: LayerMaps) -> "Figure":
    """The pictures, each with the maps of a layer beside it; the layer is one of those that are saved with them."""
    from matplotlib import colormaps

    images, maps = saved.images, layer.maps
    side = max(images.shape[1:3]) * max(round(CELL / max(images.shape[1:3])), 1)
    tint = colormaps[COLOURS]
    coloured = tint(np.moveaxis(maps, -1, 1), bytes=True)[..., :3]  # (F, c, h, w, 3)
    canvas = mosaic([[colours(image), *row] for image, row in zip(images, coloured, strict=True)], side)
    high, wide = canvas.shape[:2]
    page = np.full((high + ABOVE + BELOW, wide + LEFT + RIGHT, 3), 255, np.uint8)
    page[ABOVE : ABOVE + high, LEFT : LEFT + wide] = canvas
    drawing, axes = style.sheet(page)
    _name_rows(axes, classes, saved, side)
    _name_columns(axes, layer, side, ABOVE + high)
    return drawing


def _name_rows(axes: "Axes", classes: Sequence[str], saved: FeatureMaps, side: int) -> None:
    labels = zip(saved.labels, saved.predictions, strict=True)
    for i, (true, predicted) in enumerate(labels):
        true_name, predicted_name = (style.shorten(classes[k], 12) for k in (true, predicted))
        text = true_name if true == predicted else f"{true_name}\ntaken for\n{predicted_name}"
        middle = ABOVE + FRAME + i * (side + GAP) + side / 2
        axes.text(LEFT - 16, middle, text, ha="right", va="center", fontsize=8)


def _name_columns(axes: "Axes", layer: LayerMaps, side: int, foot: int) -> None:
    """Write the channel above each column, and the values of its darkest and its brightest colour below it."""
    columns = [("channel", "darkest", "brightest"), ("image", "", "")]
    columns += [
        (str(k), significant(low), significant(high))
        for k, (low, high) in zip(layer.channels, layer.ranges, strict=True)
    ]
    for j, texts in enumerate(columns):
        x, align = (LEFT + FRAME + (j - 1) * (side + GAP) + side / 2, "center") if j else (LEFT - 16, "right")
        for y, text in zip((ABOVE / 2, foot + 20, foot + 52), texts, strict=True):
            axes.text(x, y, text, ha=align, va="center", fontsize=8)
