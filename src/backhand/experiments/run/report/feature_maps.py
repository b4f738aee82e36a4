"""Outputs of convolutional layers for a few test images: a row per image, a column per channel."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from backhand.arrays import Labels
from backhand.experiments.run.evidence_groups import FeatureMaps, LayerMaps
from backhand.experiments.run.metrics import Layer
from backhand.experiments.run.record import Run
from backhand.experiments.run.report import target_pictures
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
    names = [f"sample {i}" for i in saved.index]
    if saved.labels is not None and saved.predictions is not None:
        for row, (true, predicted) in enumerate(zip(saved.labels, saved.predictions, strict=True)):
            mistake = "" if true == predicted else f", taken for “{run.classes[predicted]}”"
            names[row] = f"“{run.classes[true]}” ({names[row]}{mistake})"
    return (
        f"{counted(len(names), 'test picture')}, from the first row to the last: {', '.join(names)}. Beside each "
        "picture stand outputs of some layers for it, at inference with the kept weights; brighter means larger. Where "
        "a layer has many channels, those with the largest mean absolute value over these pictures are shown."
    )


def class_names(classes: Sequence[str], labels: Labels, predictions: Labels) -> list[str]:
    """The names of the rows: the class of each picture, and for what it was taken."""
    names = []
    for true, predicted in zip(labels, predictions, strict=True):
        taken = "" if true == predicted else f"\ntaken for\n{style.shorten(classes[predicted], 12)}"
        names.append(f"{style.shorten(classes[true], 12)}{taken}")
    return names


def _row_names(run: Run, saved: FeatureMaps) -> list[str]:
    """The names of the rows, of classes or of a regression."""
    if saved.labels is None or saved.predictions is None:
        return target_pictures.map_names(run, saved)
    return class_names(run.classes, saved.labels, saved.predictions)


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
    return Image(f"feature-maps-{row.name}", style.png(figure(_row_names(run, saved), saved, layer)), alt, caption)


def figure(names: Sequence[str], saved: FeatureMaps, layer: LayerMaps) -> "Figure":
    """The pictures by their names, each with the maps of a layer, one of those that are saved with them, beside it."""
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
    _name_rows(axes, names, side)
    _name_columns(axes, layer, side, ABOVE + high)
    return drawing


def _name_rows(axes: "Axes", names: Sequence[str], side: int) -> None:
    for i, text in enumerate(names):
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
